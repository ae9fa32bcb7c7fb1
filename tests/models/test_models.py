"""The networks are those of the papers: layers, parameters, names, and a normalisation in front."""

import sys

import pytest
import torch
from torch import nn

from rsviz.models import ARCHITECTURES, ModelError, build

MEAN, STD = {1: (0.3,), 3: (0.49, 0.48, 0.45)}, {1: (0.4,), 3: (0.2, 0.21, 0.22)}


def built(key, num_classes=10):
    shape = ARCHITECTURES[key].input_shapes[0]
    return build(
        key, num_classes=num_classes, input_shape=shape, mean=MEAN[shape[0]], std=STD[shape[0]]
    ).eval()


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_every_network_gives_finite_logits_for_its_images_and_classes(key):
    x = torch.rand((2, *ARCHITECTURES[key].input_shapes[0]), generator=torch.Generator().manual_seed(0))
    logits = built(key, num_classes=7)(x)
    assert logits.shape == (2, 7) and logits.isfinite().all()


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_the_head_of_the_record_counts_the_classes(key):
    assert built(key, num_classes=13).network.state_dict()[ARCHITECTURES[key].head].shape[0] == 13


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_the_first_layer_normalises_with_buffers_and_the_rest_sees_its_output(key):
    module = built(key)
    channels, height, width = ARCHITECTURES[key].input_shapes[0]
    x = torch.rand((3, channels, height, width), generator=torch.Generator().manual_seed(1))
    by_hand = torch.stack([(x[:, c] - MEAN[channels][c]) / STD[channels][c] for c in range(channels)], dim=1)
    torch.testing.assert_close(module[0](x), by_hand)
    assert torch.equal(module(x), module.network(module.normalize(x)))
    assert set(dict(module[0].named_buffers())) == {"mean", "std"} and not list(module[0].parameters())


def test_li_mnist_is_layer_by_layer_the_network_of_the_paper():
    layers = list(built("li-mnist").network)
    kinds = [
        nn.Conv2d,
        nn.ReLU,
        nn.Conv2d,
        nn.ReLU,
        nn.Dropout,
        nn.Flatten,
        nn.Linear,
        nn.ReLU,
        nn.Dropout,
        nn.Linear,
    ]
    assert [type(layer) for layer in layers] == kinds
    for layer, channels_in in ((layers[0], 1), (layers[2], 64)):
        assert (layer.in_channels, layer.out_channels) == (channels_in, 64)
        assert (layer.kernel_size, layer.stride, layer.padding) == ((5, 5), (1, 1), (0, 0))
    assert (layers[4].p, layers[8].p) == (0.25, 0.5)
    assert (layers[6].in_features, layers[6].out_features) == (64 * 20 * 20, 128)
    assert (layers[9].in_features, layers[9].out_features) == (128, 10)


@pytest.mark.parametrize(
    ("key", "parameters"),
    [
        ("three-layer-cnn", 710_218),  # 4,160 + 295,040 + 409,728 + 1,290
        ("three-layer-cnn-elu", 710_218),
        ("li-cifar", 1_025_642),  # 7,296 + 9,312 + 460,992 + 37,056 + 442,624 + 65,792 + 2,570
        ("cifar_resnet18", 11_173_962),  # of the usual implementation for CIFAR-10
        ("cifar_resnet18-elu", 11_173_962),
        ("cifar_vgg16", 14_728_266),  # of the usual one with batch normalisation and one linear layer
        ("cifar_vgg16-elu", 14_728_266),
    ],
)
def test_networks_have_the_number_of_parameters_of_their_layers(key, parameters):
    assert sum(parameter.numel() for parameter in built(key).network.parameters()) == parameters


def test_resnet50_has_the_published_number_of_parameters_and_names():
    """25.6 million; the names are those of torchvision, and of the files of Cohen et al. behind a prefix."""
    network = built("resnet50", num_classes=1000).network
    assert sum(parameter.numel() for parameter in network.parameters()) == 25_557_032
    assert {"conv1.weight", "layer4.2.bn3.running_var", "fc.bias"} <= set(network.state_dict())


@pytest.mark.parametrize("family", ["three-layer-cnn", "cifar_resnet18", "cifar_vgg16"])
def test_relu_and_elu_networks_differ_in_nothing_but_their_activation(family):
    relu, elu = (built(key).network for key in (family, f"{family}-elu"))
    assert {name: p.shape for name, p in relu.named_parameters()} == {
        name: p.shape for name, p in elu.named_parameters()
    }
    kinds = [{type(layer) for layer in network.modules()} for network in (relu, elu)]
    assert kinds[0] - kinds[1] == {nn.ReLU} and kinds[1] - kinds[0] == {nn.ELU}


def test_the_three_layer_network_sees_the_image_as_the_paper_has_it():
    sizes = []
    network = built("three-layer-cnn").network
    for name in ("conv1", "conv2", "conv3"):
        getattr(network, name).register_forward_hook(lambda *args: sizes.append(tuple(args[2].shape[1:])))
    network(torch.zeros((1, 1, 28, 28)))
    assert sizes == [(64, 14, 14), (128, 5, 5), (128, 1, 1)]


def test_li_cifar_pools_as_same_padding_does():
    """TensorFlow's "same" begins at the left edge on an even side, so the last window hangs over by one."""
    network = built("li-cifar").network
    x = torch.arange(32.0).expand(1, 1, 32, 32)
    assert network.pool1(x)[0, 0, 0].tolist() == [*range(2, 32, 2), 31]
    assert (network.dropout1.p, network.dropout2.p) == (0.5, 0.5)


@pytest.mark.parametrize(("key", "parameters"), [("cifar_resnet20", 272_474), ("cifar_resnet110", 1_730_714)])
def test_resnets_have_the_published_number_of_parameters(key, parameters):
    """0.27 M and 1.7 M in He et al. 2016; the projection shortcuts add 2,752 to the 269,722 and 1,727,962."""
    assert sum(parameter.numel() for parameter in built(key).network.parameters()) == parameters


def test_resnets_use_the_names_of_the_published_state_dicts():
    names = built("cifar_resnet110").network.state_dict().keys()
    published = {
        "conv1.weight",
        "bn1.running_var",
        "layer1.17.conv2.weight",
        "layer3.0.downsample.1.bias",
        "fc.bias",
    }
    assert published <= set(names) and "layer1.0.downsample.0.weight" not in names


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"architecture": "vgg"}, "architecture"),
        ({"input_shape": (3, 28, 28)}, "input_shape"),
        ({"num_classes": 1}, "num_classes"),
        ({"mean": (0.1, 0.2)}, "mean"),
        ({"mean": (float("nan"),)}, "mean"),
        ({"std": (0.0,)}, "std"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence_that_names_it(change, word):
    settings = {
        "architecture": "li-mnist",
        "num_classes": 10,
        "input_shape": (1, 28, 28),
        "mean": (0.1,),
        "std": (0.3,),
    }
    with pytest.raises(ModelError, match=f"^{word} is .*\\.$"):
        build(**(settings | change))


def test_the_table_of_architectures_loads_without_torch(run_python):
    run_python("import sys, rsviz.models; assert 'torch' not in sys.modules and rsviz.models.ARCHITECTURES")


@pytest.fixture
def run_python():
    import subprocess

    def run(code):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

    return run
