"""torchvision's ResNet-50, the network of Cohen, Rosenfeld and Kolter 2019 for ImageNet."""


def resnet50(num_classes, input_shape):
    """He et al. 2016, table 1 (50 layers), as torchvision builds it: the stride stands at the 3x3 layers."""
    from torchvision.models import resnet50

    return resnet50(weights=None, num_classes=num_classes)
