/**
 * The arrows of the design, as a machine reads them. AGENTS.md prints the same rows; change both together.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const row = (name, [from, ...allowed], comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: `^${from}/`, pathNot: "\\.test\\.ts$|(^|/)test/" },
  to: {
    path: "^(core|edge|functions|gpu-runner|cli|console|migrations|infra|test)/",
    pathNot: `^(${[from, ...allowed].join("|")})/`,
  },
});

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      comment: "Move what both sides need into a third file below them.",
      from: {},
      to: { circular: true },
    },
    row("contract-is-a-leaf", ["core/contract"], "The contract imports zod only; put logic into core/<domain>."),
    row("core-stays-pure", ["core"], "core knows no deployable; pass the effect in as a function."),
    row("edge-meets-others-in-core", ["edge", "core"], "Deployables meet in core/contract, never directly."),
    row(
      "functions-meets-others-in-core",
      ["functions", "core", "migrations/schema"],
      "Deployables meet in core/contract, never directly.",
    ),
    row("runner-meets-others-in-core", ["gpu-runner", "core"], "Deployables meet in core/contract, never directly."),
    row("cli-speaks-http", ["cli", "core"], "The command uses the HTTP API only."),
    row("migrations-know-core-only", ["migrations", "core"], "The schema knows no deployable."),
    row(
      "infra-starts-things",
      ["infra", "core", "migrations"],
      "The launcher starts deployables as processes; it never imports them.",
    ),
    {
      name: "stages-never-import-stages",
      severity: "error",
      comment: "A need that two stages share moves down to core or to a neutral folder of the gateway.",
      from: { path: "^edge/gateway/stages/([^/]+)/" },
      to: { path: "^edge/gateway/stages/([^/]+)/", pathNot: "^edge/gateway/stages/$1/" },
    },
    {
      name: "no-node-on-workers",
      severity: "error",
      comment: "Workers code uses web standards; Node-only code belongs to gpu-runner, cli or infra.",
      from: { path: "^(core|edge|functions)/", pathNot: "\\.test\\.ts$|(^|/)test/" },
      to: { dependencyTypes: ["core"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(node_modules|dist|\\.millrace|\\.wrangler)/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
