"""The parts of bench/peers that need no engine: statistics, page, task names and the reference.

Needs NumPy. The float64 reference is compared with the stored logits of tests/reference, so what
the engines are checked against is what involute is checked against.
"""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import numpy as np  # noqa: E402

import contenders  # noqa: E402
import networks  # noqa: E402
import report  # noqa: E402
import tasks  # noqa: E402


def row(task, peer, ms, **fields):
    return report.summarise({"task": task, "model": task.split("@")[0], "batch": 1, "peer": peer,
                             "what": peer, "threads": 1, "precision": "f32", "status": "ok",
                             "ms_rounds": ms, **fields})


class Statistics(unittest.TestCase):
    def test_median_and_spread_are_over_the_rounds(self):
        summary = row("rednet50@8x8", "involute", [12.0, 10.0, 11.0])
        self.assertEqual(summary["ms"], 11.0)
        self.assertAlmostEqual(summary["spread"], 2.0 / 11.0)

    def test_what_failed_has_no_time(self):
        self.assertNotIn("ms", row("rednet50@8x8", "x", [1.0], status="failed"))
        self.assertNotIn("ms", row("rednet50@8x8", "x", []))

    def test_ratios_take_the_best_f32_peer_of_the_same_task_and_threads(self):
        rows = [row("rednet50@8x8", "involute avx2", [10.0]),
                row("rednet50@8x8", "torch-compile", [15.0]),
                row("rednet50@8x8", "openvino-default", [5.0], precision="bf16"),
                row("rednet50@8x8", "onnxruntime", [12.0], threads=2),
                row("rednet50@8x8", "torch-published", [80.0]),
                row("resnet50@8x8", "openvino", [14.0]),
                row("resnet50@8x8", "involute avx2", [1.0])]
        (entry,) = report.ratios(rows)
        self.assertEqual(entry["best f32 peer"], {"peer": "torch-compile", "ratio": 1.5})
        self.assertEqual(entry["published code"], {"peer": "torch-published", "ratio": 8.0})
        self.assertEqual(entry["best f32 peer, resnet50@8x8"],
                         {"peer": "openvino", "ratio": 1.4})

    def test_the_page_names_what_was_not_measured(self):
        rows = [row("rednet50@8x8", "involute", [10.0]),
                row("rednet50@8x8", "onnxruntime", [], status="skipped", reason="not installed")]
        page = report.page({
            "command": "c", "commit": "abc", "date": "2000-01-01", "rounds": 1, "min_time": 1.0,
            "versions": {}, "rows": rows, "machine": {
                "cpu": "C", "cores": 2, "features": "avx2", "memory_gb": 8.0, "system": "L",
                "load": 0.0}})
        self.assertIn("- rednet50@8x8, onnxruntime, 1 threads: skipped, not installed", page)
        self.assertIn("| 1 | involute | f32 | 10.0 | 0% | 1.00 |", page)


class Tasks(unittest.TestCase):
    def test_names_are_read_back(self):
        for name in ("rednet50@224x224", "aggregation-64@56x40"):
            self.assertEqual(tasks.parse(name, 1).name, name)

    def test_wrong_names_are_refused(self):
        for name in ("rednet50", "rednet51@8x8", "rednet50@8", "aggregation-20@8x8",
                     "aggregation@8x8", "rednet50@0x8", "rednet50-64@8x8"):
            with self.assertRaises(ValueError, msg=name):
                tasks.parse(name, 1)


class Reference(unittest.TestCase):
    def test_float64_logits_are_those_of_the_stored_reference(self):
        stored = networks.read_tensors(
            networks.ROOT / "tests" / "reference" / "synthetic.safetensors")
        for model, height, width in (("rednet26", 225, 191), ("resnet26", 225, 191)):
            x = networks.portable_weights.image((1, 3, height, width))
            logits = networks.reference(model, networks.synthetic(model), x)
            want = stored[f"{model}_{height}x{width}_b1/logits"]
            self.assertLess(np.abs(logits - want).max(), 3e-7, model)

    def test_a_wrong_answer_is_seen(self):
        want = {"0": np.array([[1.0, -2.0]], np.float32)}
        error = contenders.relative_error
        self.assertEqual(error(want, want), 0.0)
        self.assertAlmostEqual(error({"0": np.array([[1.1, -2.0]], np.float32)}, want), 0.05,
                               places=6)
        self.assertEqual(error({"0": np.array([[1.0, np.nan]], np.float32)}, want), np.inf)
        self.assertEqual(error({"0": np.array([[1.0]], np.float32)}, want), np.inf)
        self.assertEqual(error({}, want), np.inf)

    def test_tensor_files_are_read_back(self):
        tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b/c": np.ones(1, "f4")}
        with tempfile.TemporaryDirectory() as folder:
            networks.write_tensors(Path(folder) / "t", tensors)
            back = networks.read_tensors(Path(folder) / "t")
            self.assertEqual(list(back), list(tensors))
            for name, value in tensors.items():
                np.testing.assert_array_equal(back[name], value)


if __name__ == "__main__":
    unittest.main()
