"""torchvision's ResNet-50, the network of Cohen, Rosenfeld and Kolter 2019 for ImageNet."""

from rsviz.lazy import lazy
from rsviz.models.base import Architecture, Shape

torchvision_models = lazy("torchvision.models")


def _network(num_classes: int, input_shape: Shape):
    """He et al. 2016, table 1 (50 layers), as torchvision builds it: the 3x3 layers have the stride."""
    return torchvision_models.resnet50(weights=None, num_classes=num_classes)


RESNET50 = Architecture(
    key="resnet50",
    title="ResNet-50 for ImageNet",
    source="He et al. 2016, of torchvision, as in Cohen, Rosenfeld and Kolter 2019",
    input_shapes=((3, 224, 224),),
    dataset="imagenet",
    head="fc.weight",
    network=_network,
)
