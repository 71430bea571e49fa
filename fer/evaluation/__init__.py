"""What a bundle is worth: metrics, curves, corruptions, groups of people, the model card."""
