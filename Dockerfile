# The app or the dashboard on any machine that runs containers:
#   docker build -t fer . && docker run -p 7860:7860 fer
#   docker build -t fer-dashboard --build-arg SERVE=dashboard . && docker run -p 7860:7860 fer-dashboard
FROM python:3.11-slim
ARG SERVE=app
RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /home/user/app
ENV SERVE=$SERVE PORT=7860 PATH=/home/user/.local/bin:$PATH PYTHONUNBUFFERED=1
# A page embedded elsewhere, as Spaces are, gets no cookies; an upload needs its session's address.
ENV STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION=false
COPY --chown=user requirements-$SERVE.txt .
# Without the packages' own tests and compiled copies: a fifth of all they bring.
RUN pip install --no-cache-dir --no-compile --user -r requirements-$SERVE.txt \
    && find /home/user/.local -type d -name tests -prune -exec rm -rf {} +
COPY --chown=user . .
RUN python -m fer fetch yunet || echo "No YuNet: the Haar cascade finds the faces."
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'])"]
CMD ["sh", "-c", "if [ $SERVE = dashboard ]; then exec streamlit run dashboard.py --server.address 0.0.0.0 --server.port $PORT --server.headless true; else GRADIO_SERVER_NAME=0.0.0.0 exec python app.py --port $PORT; fi"]
