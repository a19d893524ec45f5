# Rasa with the trained model: run `make train` before building.
FROM python:3.11-slim
RUN pip install --no-cache-dir uv && useradd --create-home grace
WORKDIR /grace
COPY requirements/assistant.txt requirements/assistant.txt
RUN uv venv .venv-rasa && uv pip sync --no-cache --require-hashes -p .venv-rasa/bin/python requirements/assistant.txt
COPY --chown=grace . .
USER grace
ENV PATH=/grace/.venv-rasa/bin:$PATH PYTHONPATH=/grace GRACE_HOME=/grace RASA_TELEMETRY_ENABLED=false \
    SQLALCHEMY_SILENCE_UBER_WARNING=1 TF_CPP_MIN_LOG_LEVEL=3 MAX_NUMBER_OF_PREDICTIONS=30 OMP_WAIT_POLICY=passive MALLOC_ARENA_MAX=2 \
    SANIC_HOST=0.0.0.0
CMD ["python", "-m", "bot.assistant.serving", "run", "--interface", "0.0.0.0", "--port", "5005", "--model", "models/grace.tar.gz", "--endpoints", "deploy/endpoints.yml"]
