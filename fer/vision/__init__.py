"""From a picture to `Faces`: read, detect, frame, classify, draw."""
