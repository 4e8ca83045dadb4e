"""Small networks of the kinds that toolkits export to ONNX."""
