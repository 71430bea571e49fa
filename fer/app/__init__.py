"""The tabs of the Gradio app, and how it looks."""
