"""Training and export; the only room that imports Keras and TensorFlow."""
