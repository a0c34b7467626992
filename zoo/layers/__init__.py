"""Layers that export cleanly, with fixed and with unknown sizes, to every runtime."""

from zoo.layers.adaptive_augmentation import AdaptiveAugmentation
from zoo.layers.adaptive_instance_normalization import AdaptiveInstanceNormalization
from zoo.layers.affine_warp import AffineWarp2D
from zoo.layers.bicubic_upsampling import BicubicUpsampling2D
from zoo.layers.binomial_upsampling import BinomialUpsampling2D
from zoo.layers.blur import Blur
from zoo.layers.channel_moments import ChannelMoments
from zoo.layers.channelwise_dense import ChannelwiseDense
from zoo.layers.conditional_instance_normalization import ConditionalInstanceNormalization
from zoo.layers.equalized_convolution import EqualizedConv2D
from zoo.layers.equalized_dense import EqualizedDense
from zoo.layers.gated_convolution import GatedConvolution2D
from zoo.layers.given_dropout import GivenDropout
from zoo.layers.instance_normalization import InstanceNormalization
from zoo.layers.laplacian_blend import LaplacianBlend
from zoo.layers.learned_constant import LearnedConstant
from zoo.layers.maxout import Maxout
from zoo.layers.minibatch_deviation import MinibatchDeviation
from zoo.layers.mixing_weights import MixingWeights
from zoo.layers.modulated_convolution import ModulatedConv2D
from zoo.layers.nearest_upsampling import NearestUpsampling2D
from zoo.layers.pad_to_multiple import CropLike, PadToMultiple
from zoo.layers.partial_convolution import PartialConvolution2D
from zoo.layers.picture_pool import PicturePool
from zoo.layers.pixel_noise import PixelNoise
from zoo.layers.power_pooling import PowerPooling2D
from zoo.layers.pyramid_fill import PyramidFill
from zoo.layers.reflection_padding import ReflectionPadding2D
from zoo.layers.reparameterized_convolution import ReparameterizedConv2D, fold
from zoo.layers.residual_aggregation import ResidualAggregation2D
from zoo.layers.smooth_convolution import SmoothConv2D
from zoo.layers.thin_convolution import Conv2D as ThinConv2D
from zoo.layers.truncation import Truncation

__all__ = [
    "AdaptiveAugmentation",
    "AdaptiveInstanceNormalization",
    "AffineWarp2D",
    "BicubicUpsampling2D",
    "BinomialUpsampling2D",
    "Blur",
    "ChannelMoments",
    "ChannelwiseDense",
    "ConditionalInstanceNormalization",
    "CropLike",
    "EqualizedConv2D",
    "EqualizedDense",
    "GatedConvolution2D",
    "GivenDropout",
    "InstanceNormalization",
    "LaplacianBlend",
    "LearnedConstant",
    "Maxout",
    "MinibatchDeviation",
    "MixingWeights",
    "ModulatedConv2D",
    "NearestUpsampling2D",
    "PadToMultiple",
    "PartialConvolution2D",
    "PicturePool",
    "PixelNoise",
    "PowerPooling2D",
    "PyramidFill",
    "ReflectionPadding2D",
    "ReparameterizedConv2D",
    "ResidualAggregation2D",
    "SmoothConv2D",
    "ThinConv2D",
    "Truncation",
    "fold",
]
