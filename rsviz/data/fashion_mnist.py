"""Fashion-MNIST: articles of clothing in the file format of MNIST."""

from rsviz.data.mnist import IdxDataset

FASHION_MNIST = IdxDataset(
    key="fashion-mnist",
    title="Fashion-MNIST",
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    normalisation=((0.2860,), (0.3530,)),
    source="Xiao, Rasul and Vollgraf 2017, Fashion-MNIST",
    licence="MIT, copyright Zalando SE",
    folder="FashionMNIST/raw",
    torchvision_class="FashionMNIST",
)
