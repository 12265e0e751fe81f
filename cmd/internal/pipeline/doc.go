// Package pipeline joins the stages: it opens a workspace, solves, fetches, renders, and stages what changed.
//
// It is the only package that knows all stages; they do not know one another. It refuses to know flags, text and terminals
// (cmd/internal/cli does), and it reads nothing of the process: what it needs of the world arrives in a World.
package pipeline
