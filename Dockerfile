# The app or the dashboard on any machine that runs containers:
#   docker build -t fer . && docker run -p 7860:7860 fer
#   docker build -t fer-dashboard --build-arg SERVE=dashboard . && docker run -p 7860:7860 fer-dashboard
FROM python:3.11-slim AS packages
ARG SERVE=app
RUN apt-get update && apt-get install --yes --no-install-recommends binutils liblapack3
COPY requirements-$SERVE.txt .
# Without what the pages do not load, a third of all that the packages bring: their tests and
# compiled copies; what C and Cython compile with and debug by; components, servers and notebooks
# that are not ours; fast uploads to the hub; other cascades than the frontal one; Arrow's ways to
# networks, and its libraries' second names, which a wheel cannot link; OpenCV's OpenBLAS, for which
# Debian's LAPACK stands in, a fifth as large; and, as the dashboard reads no videos, FFmpeg.
RUN pip install --no-cache-dir --no-compile --prefix /packages -r requirements-$SERVE.txt \
    && cd /packages/lib/python3.11/site-packages \
    && find . -type d -name tests -prune -exec rm -rf {} + \
    && find . \( -name '*.h' -o -name '*.pyx' -o -name '*.a' \) -delete \
    && find cv2/data -name '*.xml' ! -name '*frontalface_default.xml' -delete \
    && rm -rf onnxruntime/capi/libonnxruntime.so.* onnxruntime/transformers hf_xet \
        gradio/templates/node gradio/templates/frontend/static/ffmpeg gradio/media_assets \
        gradio/templates/frontend/static/bokeh gradio/templates/frontend/assets/PlotlyPlot-* \
        plotly/labextension plotly/package_data pydeck/nbextension pyarrow/include \
        pyarrow/libarrow_flight.so.* pyarrow/libarrow_s3.so.* pyarrow/_flight.* \
        pyarrow/libarrow_python_flight.so.* pyarrow/libarrow_*.so pyarrow/libarrow_*.so.*.*.* \
        opencv_python_headless.libs/libgfortran-* opencv_python_headless.libs/libquadmath-* \
    && for blas in opencv_python_headless.libs/libopenblas*; do ln -sf /usr/lib/*/lapack/liblapack.so.3 $blas; done \
    && if [ $SERVE = dashboard ]; then rm -rf av av.libs; fi \
    && find . -name '*.so*' -type f ! -path '*.libs/*' -exec strip --strip-unneeded {} +

FROM python:3.11-slim
ARG SERVE=app
RUN apt-get update && apt-get install --yes --no-install-recommends liblapack3 \
    && rm -rf /var/lib/apt/lists/* && useradd --create-home --uid 1000 user
COPY --from=packages /packages /usr/local
USER user
WORKDIR /home/user/app
ENV SERVE=$SERVE PORT=7860 PYTHONUNBUFFERED=1
# A page embedded elsewhere, as Spaces are, gets no cookies; an upload needs its session's address.
ENV STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION=false
COPY --chown=user . .
RUN python -m fer fetch yunet || echo "No YuNet: the Haar cascade finds the faces."
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'])"]
CMD ["sh", "-c", "if [ $SERVE = dashboard ]; then exec streamlit run dashboard.py --server.address 0.0.0.0 --server.port $PORT --server.headless true; else GRADIO_SERVER_NAME=0.0.0.0 exec python app.py --port $PORT; fi"]
