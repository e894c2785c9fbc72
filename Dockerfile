# One image for web, worker, beat, migrate and sandbox: docker-compose.yml says which command each runs.

FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements/uv.txt requirements/base.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r uv.txt \
    && python -m venv --without-pip /packages \
    && uv pip sync --no-cache --compile-bytecode --python /packages/bin/python --require-hashes base.txt
# What browsers load: npm comes from a wheel and stays in this stage, as everything does that it brings.
COPY requirements/node.txt requirements/
COPY package.json package-lock.json .npmrc ./
COPY collections_platform/runner/browser_files.py collections_platform/runner/
RUN python collections_platform/runner/browser_files.py /static_vendor

FROM python:3.13-slim AS product
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN groupadd --system --gid 10001 trato \
    && useradd --system --uid 10001 --gid trato --home-dir /app --shell /usr/sbin/nologin trato \
    && install -d -o trato -g trato /state
ENV PATH=/packages/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=collections_platform.settings \
    STATIC_ROOT=/app/static_collected
WORKDIR /app
COPY --from=packages /packages /packages
# The code belongs to root: what serves cannot change what it serves.
COPY . .
COPY --from=packages /static_vendor static_vendor
# Collecting files needs settings, but no secret that anything will be kept with.
RUN key=$(head -c 32 /dev/zero | base64) \
    && TRATO_MODE=demo SECRET_KEY=build MASTER_KEYS="build:$key" LOOKUP_KEY="$key" \
       DATABASE_URL=postgres://build:build@127.0.0.1/build python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q -j 0 /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["sh", "-c", "exec uvicorn collections_platform.asgi:application --host 0.0.0.0 --port 8000 --workers \"${WEB_PROCESSES:-2}\" --proxy-headers --forwarded-allow-ips '*' --no-access-log --timeout-graceful-shutdown 20"]
