# What faces people: app, workers, action server, command line.
FROM python:3.11-slim
RUN pip install --no-cache-dir uv && useradd --create-home grace
WORKDIR /grace
COPY requirements/app.txt requirements/app.txt
RUN uv venv .venv && uv pip sync --no-cache --require-hashes -p .venv/bin/python requirements/app.txt
COPY --chown=grace . .
RUN mkdir -p var && chown grace var
USER grace
ENV PATH=/grace/.venv/bin:$PATH PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=2
CMD ["python", "-m", "bot.cli", "app"]
