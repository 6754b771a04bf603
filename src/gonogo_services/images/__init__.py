"""Image classification: models trained on drawn images, and the proxy that turns images into labels."""
