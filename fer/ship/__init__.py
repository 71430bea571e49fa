"""All that writes what is served: ``model.onnx``, its calibration, and the folder of a Space."""
