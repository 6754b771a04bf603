"""A model server on onnxruntime that speaks TensorFlow Serving's protocol and the Open Inference Protocol."""
