"""Picture models in Keras 3. `create` one, `fit` it, `load` it again; `inference_model()` is what gets deployed."""

from zoo._load import create, list_models, load
from zoo.adain import AdaIN
from zoo.cgan import CGAN
from zoo.compositor import Compositor
from zoo.context_encoder import ContextEncoder
from zoo.cyclegan import CycleGAN
from zoo.dcgan import DCGAN
from zoo.denoiser import Denoiser
from zoo.fast_style import FastStyle
from zoo.gan import GAN
from zoo.neural_style import NeuralStyle
from zoo.stylegan import StyleGAN
from zoo.super_resolution import SuperResolution
from zoo.unet_inpainter import UNetInpainter
from zoo.vae import VAE

__all__ = [
    "CGAN",
    "DCGAN",
    "GAN",
    "VAE",
    "AdaIN",
    "Compositor",
    "ContextEncoder",
    "CycleGAN",
    "Denoiser",
    "FastStyle",
    "NeuralStyle",
    "StyleGAN",
    "SuperResolution",
    "UNetInpainter",
    "create",
    "list_models",
    "load",
]
