"""The shipped weight `fast_style/painters`: five named styles in one small network, blended by `--style`.

    zoo train --recipe fast_style_painters --data folder:PHOTOS --feature-weights squeezenet_1_0.npz --set style=hokusai:wave.jpg
        --set style=munch:the_scream.jpg --set style=turner:the_shipwreck_of_the_minotaur.jpg --set style=picabia:udnie.jpg
        --set style=mosaic:mosaic.jpg --out runs/painters

Pictures: 601 photographs, one ImageNet picture a class, short side 288, and the 200 training photographs of BSD500.
Hardware: 1 core of an x86-64 processor with bf16 instructions, shared with other work. Duration: 90 minutes of processor time.
Score: style distance 0.189 at content distance 0.626, the mean of four styles; published VGG19-trained networks 0.214 at 0.629
(python -m benchmarks.judge fast_style/painters).
The rate stays constant and the moving average is what ships, so that it may be stopped, or go on, at any step. The content's
weight was lowered on the way: 2.5 for 1,550 steps, 1.3 for 1,700, 0.9 for 2,200, each from the average before (--start-from).
What ships is 0.91 of the last average and 0.09 of the one before, which brings the content distance to the published one.
"""

MODEL = "fast_style"
SET = {
    "width": 32,
    "features": "compact:0.5+squeezenet:2",
    "content_weight": 0.9,
    "total_variation_weight": 2.0,
    "recolor_content": False,
    "style_size": 320,
    "learning_rate": 1e-3,
}
SETTINGS = {
    "preset": "mobile",
    "size": 192,
    "steps": 8000,
    "batch_size": 4,
    "precision": "mixed_bfloat16",
    "schedule": "constant",
    "warm_up": 100,
    "ema": 0.999,
    "log_every": 50,
    "checkpoint_every": 500,
}
