"""ResNet-18 and VGG-16 for 32x32 images, with ReLU or ELU: the networks of the NAL experiments on CIFAR-10.

Layers and state-dict names are those of the usual implementations for CIFAR (conv1, layer1.0.shortcut.0,
linear; features.0, classifier), which published weights carry.
Source: He, Zhang, Ren and Sun 2016, table 1 (18 layers) with a 3x3 first layer and no max pooling; Simonyan
and Zisserman 2015, configuration D, with batch normalisation and one linear layer.
"""

from torch import nn

VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions of each block."""


class Block(nn.Module):
    """Two 3x3 convolutions with batch normalisation beside a shortcut."""

    def __init__(self, channels_in, channels, stride, activation):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.activation = activation()
        self.shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x):
        out = self.activation(self.bn1(self.conv1(x)))
        return self.activation(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet18(nn.Module):
    """Four stages of two blocks with 64, 128, 256 and 512 channels."""

    def __init__(self, num_classes, channels_in, activation):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, 64, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.activation = activation()
        self.layer1 = nn.Sequential(Block(64, 64, 1, activation), Block(64, 64, 1, activation))
        self.layer2 = nn.Sequential(Block(64, 128, 2, activation), Block(128, 128, 1, activation))
        self.layer3 = nn.Sequential(Block(128, 256, 2, activation), Block(256, 256, 1, activation))
        self.layer4 = nn.Sequential(Block(256, 512, 2, activation), Block(512, 512, 1, activation))
        self.linear = nn.Linear(512, num_classes)

    def forward(self, x):
        x = self.activation(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.linear(x.mean((2, 3)))


class VGG(nn.Module):
    """Blocks of 3x3 convolutions, each block halved by max pooling, and a linear layer."""

    def __init__(self, num_classes, channels_in, activation):
        super().__init__()
        layers = []
        for block in VGG16:
            for channels in block:
                convolution = nn.Conv2d(channels_in, channels, 3, padding=1)
                layers += [convolution, nn.BatchNorm2d(channels), activation()]
                channels_in = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(512, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def cifar_resnet18(num_classes, input_shape):
    return ResNet18(num_classes, input_shape[0], nn.ReLU)


def cifar_resnet18_elu(num_classes, input_shape):
    return ResNet18(num_classes, input_shape[0], nn.ELU)


def cifar_vgg16(num_classes, input_shape):
    return VGG(num_classes, input_shape[0], nn.ReLU)


def cifar_vgg16_elu(num_classes, input_shape):
    return VGG(num_classes, input_shape[0], nn.ELU)
