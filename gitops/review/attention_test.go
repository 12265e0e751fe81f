package review

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// attentionCase is one change and what has to be said about it: "rule risk path", most dangerous first. no-digest is left out where
// it is not what the case is about.
type attentionCase struct{ name, base, head, want string }

func TestAttention(t *testing.T) {
	for _, cases := range [][]attentionCase{podCases(), immutableCases(), definitionCases(), webhookCases(), bindingCases(), scaleCases(), imageCases(), clearCases()} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				var got []string
				for _, a := range compare(t, yamlTree(c.base), yamlTree(c.head)).Attention {
					if a.Why == "" || a.Do == "" {
						t.Errorf("%s says not why, or not what to do", a.Rule)
					}
					if a.Rule != ruleNoDigest || strings.Contains(c.want, ruleNoDigest) {
						got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Rule, a.Risk, a.Path)))
					}
				}
				if text := strings.Join(got, "\n"); text != strings.TrimSpace(c.want) {
					t.Errorf("got:\n%s\nwant:\n%s", text, c.want)
				}
			})
		}
	}
}

// TestEveryRuleIsTried holds that no rule is without a case, here or in the archives.
func TestEveryRuleIsTried(t *testing.T) {
	tried := map[string]bool{ruleUnparsable: true, ruleNotReviewed: true, ruleUnknownKind: true, ruleDataLoss: true, ruleRBAC: true} // TestRiskTable and TestReports
	for _, cases := range [][]attentionCase{podCases(), immutableCases(), definitionCases(), webhookCases(), bindingCases(), scaleCases(), imageCases(), clearCases()} {
		for _, c := range cases {
			for _, line := range strings.Split(c.want, "\n") {
				tried[strings.Split(line, " ")[0]] = true
			}
		}
	}
	for _, rule := range Rules() {
		if !tried[rule.Name] {
			t.Errorf("no case tries %s", rule.Name)
		}
	}
}

func deployment(spec string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: shop}\nspec:\n  template:\n    spec: " + spec + "\n"
}

func podCases() []attentionCase {
	plain := deployment(`{containers: [{name: a, image: "i.example/a:1"}]}`)
	with := func(container string) string {
		return deployment(`{containers: [{name: a, image: "i.example/a:1", ` + container + `}]}`)
	}
	const at = "spec.template.spec.containers[name=a]"
	namespace := func(labels string) string {
		return "apiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {" + labels + "}}\n"
	}
	const enforce = "pod-security.kubernetes.io/enforce"
	return []attentionCase{
		{"nothing", plain, with("args: [x]"), ""},
		{"privileged", plain, with("securityContext: {privileged: true}"), "privilege high " + at + ".securityContext.privileged"},
		{"privileged before", with("securityContext: {privileged: true}"), with("args: [x], securityContext: {privileged: true}"), ""},
		{"escalation", plain, with("securityContext: {allowPrivilegeEscalation: true}"), "privilege medium " + at + ".securityContext.allowPrivilegeEscalation"},
		{"escalation no more denied", with("securityContext: {allowPrivilegeEscalation: false}"), plain, "privilege medium " + at + ".securityContext"},
		{"root", plain, with("securityContext: {runAsUser: 0}"), "privilege medium " + at + ".securityContext.runAsUser"},
		{"may be root", with("securityContext: {runAsNonRoot: true}"), with("securityContext: {runAsNonRoot: false}"), "privilege medium " + at + ".securityContext.runAsNonRoot"},
		{"capability", plain, with("securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}"), "privilege medium " + at + ".securityContext.capabilities.add"},
		{"strong capability", plain, with("securityContext: {capabilities: {add: [SYS_ADMIN]}}"), "privilege high " + at + ".securityContext.capabilities.add"},
		{"capabilities no more dropped", with("securityContext: {capabilities: {drop: [ALL]}}"), plain, "privilege medium " + at + ".securityContext.capabilities"},
		{"profile", plain, with("securityContext: {seccompProfile: {type: Unconfined}}"), "privilege medium " + at + ".securityContext.seccompProfile"},
		{"profile gone", with("securityContext: {seccompProfile: {type: RuntimeDefault}}"), with("args: [x]"), "privilege medium " + at + ".securityContext"},
		{"root file system", with("securityContext: {readOnlyRootFilesystem: true}"), with("securityContext: {readOnlyRootFilesystem: false}"), "privilege medium " + at + ".securityContext"},
		{"another account", deployment(`{serviceAccountName: a, containers: [{name: a, image: "i.example/a:1"}]}`), deployment(`{serviceAccountName: b, containers: [{name: a, image: "i.example/a:1"}]}`),
			"privilege medium spec.template.spec.serviceAccountName"},
		{"a token", deployment(`{automountServiceAccountToken: false, containers: [{name: a, image: "i.example/a:1"}]}`), plain, "privilege medium spec.template.spec.automountServiceAccountToken"},
		{"proc", plain, with("securityContext: {procMount: Unmasked}"), "privilege high " + at + ".securityContext.procMount"},
		{"host port", plain, with("ports: [{containerPort: 80, hostPort: 80}]"), "privilege medium " + at + ".ports[containerPort=80,protocol=TCP].hostPort"},
		{"host network", plain, deployment(`{hostNetwork: true, containers: [{name: a, image: "i.example/a:1"}]}`), "privilege high spec.template.spec.hostNetwork"},
		{"host processes", plain, deployment(`{hostPID: true, hostIPC: true, containers: [{name: a, image: "i.example/a:1"}]}`),
			"privilege high spec.template.spec.hostIPC\nprivilege high spec.template.spec.hostPID"},
		{"host path", plain, deployment(`{volumes: [{name: v, hostPath: {path: /}}], containers: [{name: a, image: "i.example/a:1"}]}`),
			"privilege high spec.template.spec.volumes[name=v].hostPath"},
		{"pods of another kind", "", "apiVersion: example.dev/v1\nkind: Thing\nmetadata: {name: x}\nspec: {pod: {hostNetwork: true, containers: [{name: a}]}}\n",
			"privilege high spec.pod.hostNetwork\nunknown-kind medium"},
		{"pod security lowered", namespace(enforce + ": restricted"), namespace(enforce + ": baseline"), `privilege high metadata.labels["` + enforce + `"]`},
		{"pod security gone", namespace(enforce + ": restricted"), namespace("a: b"), `privilege high metadata.labels["` + enforce + `"]`},
		{"pod security raised", namespace(enforce + ": baseline"), namespace(enforce + ": restricted"), ""},
	}
}

func clearCases() []attentionCase {
	object := func(kind, rest string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: x, namespace: shop}\n" + rest + "\n"
	}
	const pem = "-----BEGIN EC PRIVATE KEY-----"
	const encoded = "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCg=="
	plain := deployment(`{containers: [{name: a, image: "i.example/a:1"}]}`)
	return []attentionCase{
		{"a Secret that something fills", "", object("Secret", "data: {token: ''}"), ""},
		{"a Secret with values", "", object("Secret", "data: {token: YQ==}\nstringData: {password: b}"), "secret-in-git medium"},
		{"a Secret with one value", "", object("Secret", "stringData: {password: b}"), "secret-in-git medium stringData.password"},
		{"a Secret that stays", object("Secret", "data: {token: YQ==}"), object("Secret", "data: {token: YQ==}\nimmutable: false"), ""},
		{"a Secret that goes", object("Secret", "data: {token: YQ==}"), "", ""},
		{"an encrypted Secret", "", object("Secret", "stringData: {password: 'ENC[AES256_GCM,data:aGk=,iv:YWE=,tag:YmI=,type:str]'}"), ""},
		{"what looks encrypted", "", object("Secret", "stringData: {password: 'ENC[hunter2]'}"), "secret-in-git medium stringData.password"},
		{"a key in a Secret", "", object("Secret", "data: {tls.key: "+encoded+"}"), "secret-in-git high data[\"tls.key\"]"},
		{"a key in a config map", object("ConfigMap", "data: {a: b}"), object("ConfigMap", "data: {a: '"+pem+"'}"), "secret-in-git high data.a"},
		{"a password in a config map", "", object("ConfigMap", "data: {db-password: hunter2}"), "secret-in-git medium data.db-password"},
		{"a password that stays", object("ConfigMap", "data: {db-password: hunter2}"), object("ConfigMap", "data: {db-password: hunter2, a: b}"), ""},
		{"where a password is", "", object("ConfigMap", "data: {db-password: /etc/db/password, passwordSecret: shop-db}"), ""},
		{"a password of a container", plain, deployment(`{containers: [{name: a, image: "i.example/a:1", env: [{name: A, value: b}, {name: DB_PASSWORD, value: hunter2}]}]}`),
			"secret-in-git medium spec.template.spec.containers[name=a].env[name=DB_PASSWORD].value"},
		{"a password by reference", plain, deployment(`{containers: [{name: a, image: "i.example/a:1", args: ["--password=$(P)"], env: [{name: P_PASSWORD, valueFrom: {secretKeyRef: {name: x, key: password}}}]}]}`), ""},
		{"a token in the arguments", plain, deployment(`{containers: [{name: a, image: "i.example/a:1", args: [--token, hunter2]}]}`), "secret-in-git medium spec.template.spec.containers[name=a].args[1]"},
		{"a token as a setting", plain, deployment(`{automountServiceAccountToken: false, volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: token}}]}}], containers: [{name: a, image: "i.example/a:1"}]}`), ""},
		{"the name of a key", "", "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x}\nspec: {data: [{secretKey: db, remoteRef: {key: a, property: password}}]}\n", "unknown-kind medium"},
	}
}

func immutableCases() []attentionCase {
	object := func(apiVersion, kind, rest string) string {
		return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x, namespace: shop}\n" + rest + "\n"
	}
	pair := func(name, apiVersion, kind, old, new, want string) attentionCase {
		return attentionCase{name, object(apiVersion, kind, old), object(apiVersion, kind, new), want}
	}
	const claims = "spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: %s}}}}]}"
	return []attentionCase{
		pair("selector", "apps/v1", "Deployment", "spec: {selector: {matchLabels: {a: b}}}", "spec: {selector: {matchLabels: {a: c}}}", "immutable-field high spec.selector"),
		pair("version label in a selector", "apps/v1", "DaemonSet", "spec: {selector: {matchLabels: {app.kubernetes.io/version: a}}}",
			"spec: {selector: {matchLabels: {app.kubernetes.io/version: b}}}", "immutable-field high spec.selector"),
		pair("claims", "apps/v1", "StatefulSet", fmt.Sprintf(claims, "1Gi"), fmt.Sprintf(claims, "2Gi"), "immutable-field high spec.volumeClaimTemplates"),
		pair("service name", "apps/v1", "StatefulSet", "spec: {serviceName: a}", "spec: {serviceName: b}", "immutable-field high spec.serviceName"),
		pair("replicas may change", "apps/v1", "StatefulSet", "spec: {replicas: 1}", "spec: {replicas: 2}", ""),
		pair("job", "batch/v1", "Job", "spec: {template: {a: b}}", "spec: {template: {a: c}}", "immutable-field high spec.template"),
		pair("address", "v1", "Service", "spec: {clusterIP: 10.0.0.1}", "spec: {clusterIP: 10.0.0.2}", "immutable-field high spec.clusterIP"),
		pair("headless", "v1", "Service", "spec: {ports: []}", "spec: {clusterIP: None}", "immutable-field high spec.clusterIP"),
		pair("address of the cluster's", "v1", "Service", "spec: {clusterIP: 10.0.0.1}", "spec: {ports: []}", ""),
		pair("role", "rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef: {kind: Role, name: a}", "roleRef: {kind: Role, name: b}", "immutable-field high roleRef"),
		pair("storage class", "storage.k8s.io/v1", "StorageClass", "parameters: {type: a}", "parameters: {type: b}", "immutable-field high parameters"),
		pair("expansion may change", "storage.k8s.io/v1", "StorageClass", "allowVolumeExpansion: false", "allowVolumeExpansion: true", ""),
		pair("claim grows", "v1", "PersistentVolumeClaim", "spec: {resources: {requests: {storage: 1Gi}}}", "spec: {resources: {requests: {storage: 2000Mi}}}", ""),
		pair("claim shrinks", "v1", "PersistentVolumeClaim", "spec: {resources: {requests: {storage: 2Gi}}}", "spec: {resources: {requests: {storage: 1500Mi}}}",
			"immutable-field high spec.resources.requests.storage"),
		pair("claim of another class", "v1", "PersistentVolumeClaim", "spec: {storageClassName: a}", "spec: {storageClassName: b}", "immutable-field high spec.storageClassName"),
		pair("sealed", "v1", "ConfigMap", "immutable: true\ndata: {a: b}", "immutable: true\ndata: {a: c}", "immutable-field high data"),
		pair("sealed secret", "v1", "Secret", "immutable: true\ndata: {a: YQ==}", "immutable: true\ndata: {a: Yg==}", "immutable-field high data\nsecret-in-git medium data.a"),
		pair("scope of a definition", "apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec: {scope: Cluster}", "spec: {scope: Namespaced}", "immutable-field high spec.scope"),
	}
}

func definitionCases() []attentionCase {
	crd := func(schema string) string {
		return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.dev}\nspec:\n  versions:\n" +
			"    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, " + schema + "}}}}}\n"
	}
	const at = "spec.versions[name=v1].schema.openAPIV3Schema.properties.spec"
	return []attentionCase{
		{"field comes", crd("properties: {a: {type: string}}"), crd("properties: {a: {type: string}, b: {type: string}}"), ""},
		{"field goes", crd("properties: {a: {type: string}, b: {type: string}}"), crd("properties: {a: {type: string}}"), "crd-field-gone high " + at + ".properties.b"},
		{"field goes where all are kept", crd("properties: {a: {type: string}}"), crd("x-kubernetes-preserve-unknown-fields: true, properties: {}"), ""},
		{"type", crd("properties: {a: {type: string}}"), crd("properties: {a: {type: integer}}"), "crd-tightened medium " + at + ".properties.a.type"},
		{"required", crd("properties: {a: {type: string}}"), crd("required: [a], properties: {a: {type: string}}"), "crd-tightened medium " + at + ".required"},
		{"choice goes", crd("properties: {a: {enum: [x, y]}}"), crd("properties: {a: {enum: [x, z]}}"), "crd-tightened medium " + at + ".properties.a.enum"},
		{"bound falls", crd("properties: {a: {maximum: 9}}"), crd("properties: {a: {maximum: 10}}"), ""},
		{"bound rises", crd("properties: {a: {maximum: 10}}"), crd("properties: {a: {maximum: 9}}"), "crd-tightened medium " + at + ".properties.a.maximum"},
		{"rule", crd("properties: {a: {type: string}}"), crd("properties: {a: {type: string}}, x-kubernetes-validations: [{rule: has(self.a)}]"),
			"crd-tightened medium " + at + ".x-kubernetes-validations"},
		{"item of a list", crd("properties: {a: {type: array, items: {properties: {b: {type: string}}}}}"), crd("properties: {a: {type: array, items: {properties: {}}}}"),
			"crd-field-gone high " + at + ".properties.a.items.properties.b"},
		{"version goes", strings.ReplaceAll(crd(""), "v1,", "v1,") + "    - {name: v1beta1, served: true}\n", crd(""), "crd-version-gone high spec.versions[name=v1beta1]"},
	}
}

func webhookCases() []attentionCase {
	hooks := func(fields string) string {
		return "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: x}\nwebhooks:\n  - {name: h.example.dev, " + fields + "}\n"
	}
	const things, pods = "rules: [{apiGroups: [example.dev], apiVersions: [v1], resources: [things], operations: [CREATE]}]",
		`rules: [{apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [CREATE]}]`
	const at = "webhooks[name=h.example.dev]"
	return []attentionCase{
		{"new, of its own kinds", "", hooks("failurePolicy: Fail, " + things), "webhook medium " + at},
		{"new, of pods", "", hooks(pods), "webhook high " + at},
		{"new, of some pods", "", hooks("namespaceSelector: {matchLabels: {a: b}}, " + pods), "webhook medium " + at},
		{"new, harmless", "", hooks("failurePolicy: Ignore, " + pods), ""},
		{"fails now", hooks("failurePolicy: Ignore, " + things), hooks("failurePolicy: Fail, " + things), "webhook high " + at + ".failurePolicy"},
		{"fails no more", hooks("failurePolicy: Fail, " + things), hooks("failurePolicy: Ignore, " + things), ""},
		{"wider", hooks("failurePolicy: Ignore, " + things), hooks("failurePolicy: Ignore, " + strings.Replace(things, "[things]", "[things, others]", 1)), "webhook high " + at + ".rules"},
		{"named instead of all", hooks("failurePolicy: Ignore, " + strings.Replace(things, "[v1]", `["*"]`, 1)), hooks("failurePolicy: Ignore, " + things), ""},
		{"narrower", hooks("failurePolicy: Ignore, " + strings.Replace(things, "[things]", "[things, others]", 1)), hooks("failurePolicy: Ignore, " + things), ""},
		{"selector goes", hooks("namespaceSelector: {matchLabels: {a: b}}, " + things), hooks(things), "webhook high " + at + ".namespaceSelector"},
		{"answered by another", hooks("clientConfig: {service: {name: a}}, " + things), hooks("clientConfig: {service: {name: b}}, " + things), "webhook medium " + at + ".clientConfig.service"},
		{"certificate", hooks("clientConfig: {caBundle: YQ==}, " + things), hooks("clientConfig: {caBundle: Yg==}, " + things), ""},
	}
}

func bindingCases() []attentionCase {
	binding := func(kind, role string) string {
		return "apiVersion: rbac.authorization.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: b, namespace: shop}\nroleRef: {kind: " + role + "}\nsubjects: [{kind: ServiceAccount, name: a, namespace: shop}]\n"
	}
	const role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: shop}\nrules: []\n"
	return []attentionCase{
		{"to what was there", "", binding("ClusterRoleBinding", "ClusterRole, name: system:auth-delegator"), "rbac-growth medium subjects"},
		{"to what comes along", "", binding("RoleBinding", "Role, name: r") + role, ""},
		{"to a role of another namespace", "", binding("RoleBinding", "Role, name: r") + strings.Replace(role, "shop", "other", 1), "rbac-growth medium subjects"},
		{"to all", "", binding("RoleBinding", "ClusterRole, name: cluster-admin"), "rbac-growth high subjects"},
		{"to nearly all", "", binding("ClusterRoleBinding", "ClusterRole, name: admin"), "rbac-growth high subjects"},
		{"goes", binding("RoleBinding", "Role, name: r"), "", ""},
	}
}

func scaleCases() []attentionCase {
	object := func(apiVersion, kind, spec string) string {
		return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x, namespace: shop}\nspec: {" + spec + "}\n"
	}
	budget := func(spec string) string { return object("policy/v1", "PodDisruptionBudget", spec) }
	return []attentionCase{
		{"to zero", object("apps/v1", "Deployment", "replicas: 2"), object("apps/v1", "Deployment", "replicas: 0"), "scaled-to-zero high spec.replicas"},
		{"zero before", object("apps/v1", "Deployment", "replicas: 0"), object("apps/v1", "Deployment", "replicas: 0, paused: true"), ""},
		{"zero at once", "", object("apps/v1", "StatefulSet", "replicas: 0"), "scaled-to-zero medium spec.replicas"},
		{"suspended", object("batch/v1", "CronJob", "suspend: false"), object("batch/v1", "CronJob", "suspend: true"), "scaled-to-zero medium spec.suspend"},
		{"nothing may move", budget("maxUnavailable: 1"), budget("maxUnavailable: 0"), "disruption-budget medium spec.maxUnavailable"},
		{"all must be there", "", budget(`minAvailable: "100%"`), "disruption-budget medium spec.minAvailable"},
		{"nothing is protected", budget("minAvailable: 1"), budget("minAvailable: 0"), "disruption-budget medium spec.minAvailable"},
		{"load balancer", object("v1", "Service", "type: ClusterIP"), object("v1", "Service", "type: LoadBalancer"), "exposed medium spec.type"},
		{"node port", "", object("v1", "Service", "type: NodePort"), "exposed medium spec.type"},
		{"addresses", object("v1", "Service", "externalIPs: [192.0.2.1]"), object("v1", "Service", "externalIPs: [192.0.2.1, 192.0.2.2]"), "exposed medium spec.externalIPs"},
	}
}

func imageCases() []attentionCase {
	image := func(name string) string {
		return deployment(`{containers: [{name: a, image: "` + name + `"}]}`)
	}
	values := func(image string) string {
		return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec: {values: {image: {" + image + "}}}\n"
	}
	const at = "spec.template.spec.containers[name=a].image"
	const flag = "spec.template.spec.containers[name=a].args[flag=--solver-image]"
	const digest = "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	return []attentionCase{
		{"tag", image("i.example/a:1"), image("i.example/a:2"), "no-digest low " + at},
		{"digest", image("i.example/a:1"), image("i.example/a:2" + digest), ""},
		{"digest lost", image("i.example/a:1" + digest), image("i.example/a:2"), "no-digest medium " + at},
		{"no tag", image("i.example/a:1"), image("i.example/a"), "floating-tag medium " + at},
		{"latest", image("i.example/a:1"), image("i.example/a:latest"), "floating-tag medium " + at},
		{"registry", image("i.example/a:1" + digest), image("other.example/a:1" + digest), "new-registry medium " + at},
		{"hub", image("i.example/a:1" + digest), image("library/a:1" + digest), "new-registry medium " + at},
		{"parts", values("registry: i.example, repository: a, tag: 1"), values("registry: other.example, repository: a, tag: 2"), "not-reviewed medium\nnew-registry medium spec.values.image\nno-digest low spec.values.image"},
		{"replaced", values("name: i.example/a, newTag: 1"), values("name: i.example/a, newTag: latest"), "not-reviewed medium\nfloating-tag medium spec.values.image"},
		{"argument", deployment(`{containers: [{name: a, image: "i.example/a:1", args: ["--solver-image=i.example/s:1"]}]}`),
			deployment(`{containers: [{name: a, image: "i.example/a:1", args: ["--solver-image=other.example/s:2"]}]}`), "new-registry medium " + flag + "\nno-digest low " + flag},
	}
}

func TestRegistriesOfUnchangedFilesAreKnown(t *testing.T) {
	tree := func(changed string) map[string]string {
		return map[string]string{"same.yaml": deployment(`{containers: [{name: a, image: "i.example/a:1"}]}`), "x.yaml": strings.ReplaceAll(changed, "name: x", "name: y")}
	}
	base, head := tree(deployment(`{containers: [{name: a, image: "o.example/a:1"}]}`)), tree(deployment(`{containers: [{name: a, image: "i.example/a:2"}]}`))
	report := compare(t, textTree(base), textTree(head))
	if slices.ContainsFunc(report.Attention, func(a Attention) bool { return a.Rule == ruleRegistry }) {
		t.Errorf("the registry is called new: %+v", report.Attention)
	}
}

func TestFindingsOfTheChangeAreTold(t *testing.T) {
	report := compareWith(t, textTree(map[string]string{"x.yaml": deployment("{a: b}")}), textTree(map[string]string{"x.yaml": deployment("{a: c}")}), twoFindings())
	if report.Summary.Risk != Blocked || report.Attention[0].Rule != "compat-removed" || report.Attention[0].Message != "gone; apps/v2 replaces it" {
		t.Errorf("attention %+v", report.Attention)
	}
	if len(report.Attention) != 1 {
		t.Errorf("what the base had is told: %+v", report.Attention)
	}
	if report.Objects[0].Risk != Blocked {
		t.Errorf("the object has risk %s", report.Objects[0].Risk)
	}
}
