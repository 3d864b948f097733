import type { Command } from 'commander';
import { command, outputOf } from '../context.ts';

/** Works without a server. What it needs is loaded here, so that every other command starts light. */
export const solveCommand = (): Command =>
  command('solve', 'Solve the published allocation formulation as written, and the platform’s own program on the same data.', ['solve --paper examples/paper/case.yaml', 'solve --paper examples/paper/case.yaml --export programs'])
    .requiredOption('--paper <file>', 'YAML with models, totals and the published answer')
    .option('--export <directory>', 'write both programs there, as LP and MPS')
    .action(async (flags: { paper: string; export?: string }, self: Command) => {
      const { readPaperCase } = await import('../paper-case.ts');
      const paper = readPaperCase(flags.paper);
      const { exportPrograms, showPaper, solvePaper } = await import('../paper-solution.ts');
      const { loadHighsSolver } = await import('../../deployment-engine/solvers/index.ts');
      const result = solvePaper(paper, await loadHighsSolver());
      if (flags.export !== undefined) exportPrograms(flags.export, { paper: result.program, platform: result.plan.programs[0] });
      const out = outputOf(self.optsWithGlobals());
      const { published, optimum, plan: { programs: _, ...plan }, reasons, prices, solver } = result;
      out.result({ solver, published, optimum, platform: { ...plan, reasons, shadowPrices: prices } }, () => showPaper(out, paper, result));
    });
