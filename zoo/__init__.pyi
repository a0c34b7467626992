from . import features as features
from . import layers as layers
from . import losses as losses
from . import roles as roles
from . import specs as specs
from ._base import ImageModel as ImageModel
from ._load import create as create
from ._load import list_models as list_models
from ._load import load as load
from ._registry import register as register
from .adain import AdaIN as AdaIN
from .cgan import CGAN as CGAN
from .cli.opened import PictureModel as PictureModel
from .cli.opened import open as open
from .compositor import Compositor as Compositor
from .context_encoder import ContextEncoder as ContextEncoder
from .cyclegan import CycleGAN as CycleGAN
from .dcgan import DCGAN as DCGAN
from .denoiser import Denoiser as Denoiser
from .fast_style import FastStyle as FastStyle
from .gan import GAN as GAN
from .neural_style import NeuralStyle as NeuralStyle
from .stylegan import StyleGAN as StyleGAN
from .super_resolution import SuperResolution as SuperResolution
from .unet_inpainter import UNetInpainter as UNetInpainter
from .vae import VAE as VAE

__version__: str
