"""Training: network, augmentation, the imitated camera, the loop; by Keras and TensorFlow."""
