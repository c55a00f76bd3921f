"""How the assistant listens and speaks: Rasa's agent with in-process actions, its NLU components, and the web app."""

import os

# Before Rasa or TensorFlow is imported: nothing is reported to anybody, and start-up is quiet.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
