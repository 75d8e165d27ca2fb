"""ONNX Runtime as a peer: the CPU provider with every graph optimisation.

Answers for: the session's settings. The network is the file that onnx_graph.py wrote.
"""
import onnxruntime

from peer import Peer, Skip


class OnnxRuntime(Peer):
    packages = ("onnxruntime",)

    def prepare(self):
        if not self.job.onnx:
            raise Skip("Python package 'onnx' is not installed, so there is no ONNX file: "
                       "pip install -r requirements-peers.txt")
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads = self.job.threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.job.onnx, options,
                                                    providers=["CPUExecutionProvider"])

    def run(self, index):
        return self.session.run(["logits"], {"input": self.job.inputs[index][0]})[0]
