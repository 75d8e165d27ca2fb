"""OpenVINO as a peer, on its CPU plug-in: in f32, or in the precision it chooses by itself.

Answers for: the plug-in's settings. The network is the file that onnx_graph.py wrote. The default
is bf16 on processors that multiply in it and f32 on others; the row says which it was.
"""
import openvino

from peer import Peer, Skip


class OpenVino(Peer):
    packages = ("openvino",)

    def __init__(self, job, default=False):
        super().__init__(job)
        self.default = default

    def prepare(self):
        if not self.job.onnx:
            raise Skip("Python package 'onnx' is not installed, so there is no ONNX file: "
                       "pip install -r requirements-peers.txt")
        config = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1",
                  "INFERENCE_NUM_THREADS": str(self.job.threads)}
        if not self.default:
            config["INFERENCE_PRECISION_HINT"] = "f32"
        core = openvino.Core()
        model = core.read_model(self.job.onnx)
        compiled = core.compile_model(model, "CPU", config)
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        self.precision = {"float32": "f32", "f32": "f32", "bfloat16": "bf16", "bf16": "bf16",
                          "float16": "f16", "f16": "f16"}[hint.to_string()
                                                          if hasattr(hint, "to_string")
                                                          else hint.get_type_name()]
        self.request = compiled.create_infer_request()
        self.tensors = [openvino.Tensor(values[0], shared_memory=True)
                        for values in self.job.inputs]

    def run(self, index):
        self.request.set_input_tensor(self.tensors[index])
        self.request.infer()
        return self.request.get_output_tensor(0).data
