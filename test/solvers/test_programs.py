"""The scheduler's programs, written as LP and MPS, have the same optimum in highspy, and in Gurobi where its free size allows."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

import gurobipy
import highspy

ROOT = Path(__file__).parents[2]
GUROBI_SIZE_MAX = 2000
TOLERANCE = 1e-6


class ProgramsTest(unittest.TestCase):
    directory: Path
    programs: list[dict[str, Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = Path(tempfile.mkdtemp(prefix="lepton-programs-"))
        subprocess.run(["sh", "scripts/node.sh", "test/solvers/export-programs.ts", str(cls.directory)], cwd=ROOT, check=True)
        cls.programs = json.loads((cls.directory / "programs.json").read_text())

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.directory)

    def same(self, expected: float, actual: float) -> None:
        self.assertLessEqual(abs(expected - actual), TOLERANCE * max(1.0, abs(expected)), f"{actual} is not {expected}")

    def files(self) -> list[tuple[dict[str, Any], Path]]:
        return [(program, self.directory / f"{program['name']}.{ending}") for program in self.programs for ending in ("lp", "mps")]

    def test_there_are_programs(self) -> None:
        self.assertGreaterEqual(len(self.programs), 14)
        self.assertEqual({"optimal"}, {program["status"] for program in self.programs})

    def test_highspy(self) -> None:
        for program, path in self.files():
            with self.subTest(path.name):
                highs = highspy.Highs()
                highs.setOptionValue("output_flag", False)
                highs.setOptionValue("mip_rel_gap", 0.0)
                self.assertEqual(highs.readModel(str(path)), highspy.HighsStatus.kOk)
                highs.run()
                self.assertEqual(highs.getModelStatus(), highspy.HighsModelStatus.kOptimal)
                self.same(program["objective"], highs.getInfo().objective_function_value)

    def test_gurobi(self) -> None:
        solved = 0
        with gurobipy.Env(params={"OutputFlag": 0}) as env:
            for program, path in self.files():
                with self.subTest(path.name), gurobipy.read(str(path), env) as model:
                    if max(model.NumVars, model.NumConstrs) > GUROBI_SIZE_MAX:
                        continue
                    model.Params.MIPGap = 0
                    model.optimize()
                    self.assertEqual(model.Status, gurobipy.GRB.OPTIMAL)
                    self.same(program["objective"], model.ObjVal)
                    solved += 1
        self.assertGreaterEqual(solved, 20)

    def test_paper(self) -> None:
        """The published formulation's optimum is 3, at zero; the platform's own program serves two of the three models."""
        objectives = {program["name"]: program["objective"] for program in self.programs}
        self.same(3.0, objectives["paper"])
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.readModel(str(self.directory / "paper.mps"))
        published = [0.5, 0.25, 0.333, 0.25, 0.125, 0.166, 0.166, 0.083, 0.111]
        for column, value in enumerate(published):
            highs.changeColBounds(column, value, value)
        highs.run()
        self.assertEqual(highs.getModelStatus(), highspy.HighsModelStatus.kOptimal, "the published point is feasible")
        self.same(2.0845, highs.getInfo().objective_function_value)
        self.same(1.6928, objectives["paper-platform"])


if __name__ == "__main__":
    unittest.main()
