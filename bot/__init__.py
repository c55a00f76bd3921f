"""How the assistant listens and speaks: Rasa's agent with in-process actions, its NLU components, and the web app."""

import logging
import os

# Before Rasa or TensorFlow is imported: nothing is reported to anybody, and start-up is quiet.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Rasa 3.6 is made of packages of its time, and one of them shows every deprecation there is.
logging.captureWarnings(capture=True)
logging.getLogger("py.warnings").setLevel(logging.ERROR)
