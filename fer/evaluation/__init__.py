"""What a bundle is worth: metrics, curves, calibration and the model card."""
