"""The shipped weight `fast_style/wave`: Hokusai's Great Wave, for photographs; `hokusai` of `fast_style/painters`, alone.

    zoo.load("fast_style/painters").single("hokusai").save("wave.keras")

The recipe trains such a network for one style from nothing:

    zoo train --recipe fast_style_wave --data folder:PHOTOS --feature-weights squeezenet_1_0.npz --set style=wave.jpg
        --out runs/wave

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 1 core of an x86-64 processor with bf16 instructions. Duration: that of fast_style_painters.
Score: in the card, by python -m benchmarks.judge fast_style/wave --style hokusai.
"""

from zoo.training.recipes.fast_style_painters import MODEL as MODEL
from zoo.training.recipes.fast_style_painters import SET as SET
from zoo.training.recipes.fast_style_painters import SETTINGS as SETTINGS
