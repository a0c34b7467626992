"""What is said where a package is not installed: how to install it."""

# What an extra brings, by the name that is imported.
EXTRAS = {
    "av": "video",
    "cyclonedx": "sbom",
    "grpc": "serve",
    "jax": "jax",
    "matplotlib": "bench",
    "mlflow": "track",
    "model_signing": "sign",
    "openvino": "openvino",
    "optuna": "tune",
    "pillow_heif": "heif",
    "ray": "cluster",
    "starlette": "serve",
    "sqlalchemy": "track",
    "torch": "bench",
    "uvicorn": "serve",
    "wandb": "track",
}


def install_line(error: ModuleNotFoundError) -> str:
    """What was not found, and the command that installs it: an extra, or the whole package where only the runtime is there.

    Example:
        >>> install_line(ModuleNotFoundError(name="av"))
        "av is not installed: pip install 'keras-image-zoo[video]'"
    """
    name = (error.name or "").partition(".")[0]
    if name == "zoo":
        return str(error)  # a module of ours is never an extra: the installation is broken, and this says where
    if name in EXTRAS:
        return f"{name} is not installed: pip install 'keras-image-zoo[{EXTRAS[name]}]'"
    return f"this takes {name or error}, which only the whole package brings: pip install keras-image-zoo"
