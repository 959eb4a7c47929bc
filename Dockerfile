# The libraries, exactly those of the lock.
FROM python:3.12-slim AS libraries
RUN python -m venv /opt/venv
COPY requirements/run.txt /tmp/run.txt
# http-ece has no ready-made package: it is built with the setuptools of the lock.
RUN awk '/^setuptools==/ { found = 1 } found { print; if (!/\\$/) exit }' /tmp/run.txt >/tmp/make.txt \
    && /opt/venv/bin/python -m pip install --disable-pip-version-check --no-cache-dir --quiet \
    --require-hashes --only-binary :all: -r /tmp/make.txt \
    && /opt/venv/bin/python -m pip install --disable-pip-version-check --no-cache-dir --quiet \
    --require-hashes --only-binary :all: --no-binary http-ece --no-build-isolation -r /tmp/run.txt \
    && /opt/venv/bin/python -m pip uninstall --quiet --yes pip

# The service: no compiler, no pip, no root.
FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8080
WORKDIR /app
COPY --from=libraries /opt/venv /opt/venv
COPY . .
RUN python -m compileall -q -j 0 alerts bot dialogs matching nlu storage \
    && install -d -o 10001 -g 10001 -m 0700 /app/var
USER 10001:10001
VOLUME /app/var
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve"]
