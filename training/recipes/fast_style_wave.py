"""The shipped weight `fast_style/wave`: Hokusai's Great Wave, for photographs.

    zoo train fast_style --data folder:PHOTOS --set style=wave.jpg --set width=24 --size 192 --steps 3000 --batch-size 4 \
        --precision mixed_bfloat16 --checkpoint-every 250 --log-every 25 --out runs/wave

Pictures: 561 photographs, one ImageNet picture a class, short side 288 (40 more are kept out for measuring).
Hardware: 2 cores of an x86-64 processor with bf16 instructions, shared with other work. Duration: 56 minutes.
Score: mean of the last 25 steps: loss 0.530.
"""
