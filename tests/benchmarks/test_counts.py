"""The counts of what networks compute, and what is read of the machine."""

import zoo
from benchmarks import machine, steps
from benchmarks.networks import multiply_accumulates


def test_multiply_accumulates_are_those_of_the_convolutions():
    network = zoo.create("fast_style", width=4, residual_blocks=1).network
    by_hand = (
        32 * 32 * (81 * 3 * 4 + 9 * 8 * 4 + 81 * 4 * 3)
        + 16 * 16 * (9 * 4 * 8 + 9 * 16 * 8)
        + 8 * 8 * (9 * 8 * 16 + 2 * 9 * 16**2)
    )
    assert multiply_accumulates(network, 32) == by_hand


def test_the_two_tape_loop_has_the_weights_and_operations_of_ours():
    ours = zoo.create("dcgan", generator_width=4, discriminator_width=4)
    for network, peer in ((ours.generator, steps.keras_generator(4)), (ours.discriminator, steps.keras_discriminator(4))):
        assert network.count_params() == peer.count_params()
        assert multiply_accumulates(network, 64) == multiply_accumulates(peer, 64) > 0


def test_a_processor_is_read_as_linux_writes_it(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nmodel name : A processor\nflags : fpu avx2 avx512f avx512_bf16 amx_tile\n\nmodel name : B\n")
    assert machine.processor(file) == {"processor": "A processor", "instructions": ["AVX2", "AVX-512", "AVX-512 bf16", "AMX"]}
    assert machine.processor(tmp_path / "nothing")["instructions"] == []
    assert machine.decoded(machine.picture(), 1, 0.01) > 0
