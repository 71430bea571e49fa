"""The dashboard: the dataset at hand, how good a model is on it, and where it fails.

Start: ``streamlit run dashboard.py -- --data MY_FOLDER``. Without ``--data`` it tells of the
bundles in ``weights/`` alone; ``--archive DIR`` adds a page about what ``fer archive`` wrote.
"""

import logging

import streamlit as st
from starlette.middleware import Middleware
from streamlit import net_util

from fer.errors import PlacesOnly
from fer.look.headers import Headers

if __name__ == "__main__":  # once for every answer
    from fer.dashboard.pages import main

    main()
else:  # once, as the server
    # For a page of another host Streamlit would ask Amazon for this machine's address, each time.
    net_util.get_external_ip = lambda: None
    # It would log the message of a defect, with the name of a visitor's file.
    logging.getLogger("streamlit.error_util").addFilter(PlacesOnly())
    app = st.App(__file__, middleware=[Middleware(Headers)])
