"""How the Gradio app looks and what its page loads: theme, style sheet and script."""

import json
from pathlib import Path

import gradio as gr

from fer.look import kit
from fer.look.words import CAMERA_BUSY, CAMERA_HELP
from fer.palette import DARK, FONT, LIGHT, MONOSPACE, css_variables, embedded_font

_HERE = Path(__file__).resolve().parent

_COLORS = {
    "body_background_fill": "paper",
    "body_text_color": "ink",
    "body_text_color_subdued": "muted",
    "background_fill_primary": "card",
    "background_fill_secondary": "sunken",
    "block_background_fill": "card",
    "block_border_color": "line",
    "block_info_text_color": "muted",
    "block_label_background_fill": "card",
    "block_label_text_color": "muted",
    "block_title_text_color": "ink",
    "border_color_primary": "line",
    "border_color_accent": "ink",
    "input_background_fill": "card",
    "input_border_color": "line",
    "input_border_color_focus": "ink",
    "input_placeholder_color": "muted",
    "panel_background_fill": "card",
    "panel_border_color": "line",
    "accordion_text_color": "ink",
    "button_primary_background_fill": "ink",
    "button_primary_background_fill_hover": "muted",
    "button_primary_text_color": "card",
    "button_secondary_background_fill": "card",
    "button_secondary_background_fill_hover": "sunken",
    "button_secondary_border_color": "line",
    "button_secondary_text_color": "ink",
    "checkbox_label_background_fill": "card",
    "checkbox_label_background_fill_selected": "ink",
    "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "card",
    "checkbox_label_border_color": "line",
    "loader_color": "ink",
    "link_text_color": "ink",
}
"""Gradio's settings that are a colour of the palette, in the light and in the dark theme."""


def theme() -> gr.themes.Base:
    """Gradio's plain theme in the project's palette and typeface."""
    base = gr.themes.Base(
        primary_hue="gray",
        secondary_hue="gray",
        neutral_hue="gray",
        radius_size="lg",
        font=FONT.replace('"', "").split(", "),
        font_mono=MONOSPACE.replace('"', "").split(", "),
    )
    light = {setting: vars(LIGHT)[color] for setting, color in _COLORS.items()}
    dark = {f"{setting}_dark": vars(DARK)[color] for setting, color in _COLORS.items()}
    return base.set(**light, **dark, block_shadow="none", button_border_width="1px")


def css() -> str:
    """The style sheet, with the palette as variables."""
    busy = f":root{{--busy:{json.dumps(CAMERA_BUSY)}}}"
    own = (_HERE / "app.css").read_text(encoding="utf-8")
    return embedded_font() + css_variables() + busy + kit.css() + own


def head() -> str:
    """The page's one script, inline: nothing is fetched from elsewhere."""
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return f"<script>{script.replace('SENTENCES', json.dumps(CAMERA_HELP), 1)}</script>"


def translations() -> gr.I18n:
    """What a drop zone says."""
    return gr.I18n(
        en={
            "upload_text.drop_file": "Drop a file here",
            "upload_text.click_to_upload": "choose one",
        }
    )
