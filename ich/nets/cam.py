"""Class activation maps of one net: where a layer speaks for a score."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ich.errors import ConfigError


def maps(
    net: Callable[[Tensor], Any],
    layer: nn.Module,
    *,
    x: Tensor,
    score: Callable[[Any], Tensor],
    method: str = "gradcam",
) -> Tensor:
    """Weigh a layer's activations by the gradient of a score, one map an image of the batch.

    Works for frozen nets, inside `torch.inference_mode`, and with an in-place activation right behind the layer.

    Args:
        net: any callable that runs `layer` once on the batch; in evaluation mode.
        layer: module whose output is (B, K, h, w).
        x: input of the net, its batch first.
        score: makes a scalar of the net's output; the sum over images gives each image its own map.
        method: gradcam, gradcam++, hirescam or layercam.

    Returns:
        float32 (B, h, w), 0 and above, not scaled: across slices of a study the maps stay comparable.

    Raises:
        ConfigError: another method.

    Source: Selvaraju et al. 2017 (gradcam), Chattopadhay et al. 2018 (gradcam++), Draelos and Carin 2020 (hirescam),
    Jiang et al. 2021 (layercam).
    """
    if method not in METHODS:
        raise ConfigError(
            f"method={method}: expected one of {', '.join(METHODS)}, found {method!r}; choose one of these"
        )
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        kept.append(output if output.requires_grad else output.requires_grad_())
        return output.clone()  # an in-place ReLU behind the layer can't change what is kept

    handle = layer.register_forward_hook(keep)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            (gradient,) = torch.autograd.grad(score(net(x.clone())), kept[-1])  # clone: leaves inference tensors behind
    finally:
        handle.remove()
    return METHODS[method](kept[-1].detach().float(), gradient.float()).relu()


def _gradcam(activation: Tensor, gradient: Tensor) -> Tensor:
    return (gradient.mean((2, 3), keepdim=True) * activation).sum(1)


def _gradcam_plus_plus(activation: Tensor, gradient: Tensor) -> Tensor:
    share = gradient**2 / (2 * gradient**2 + activation.sum((2, 3), keepdim=True) * gradient**3 + 1e-6)
    weight = (torch.where(gradient != 0, share, 0.0) * gradient.relu()).sum((2, 3), keepdim=True)
    return (weight * activation).sum(1)


def _hirescam(activation: Tensor, gradient: Tensor) -> Tensor:
    return (gradient * activation).sum(1)


def _layercam(activation: Tensor, gradient: Tensor) -> Tensor:
    return (gradient.relu() * activation).sum(1)


METHODS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "gradcam": _gradcam,
    "gradcam++": _gradcam_plus_plus,
    "hirescam": _hirescam,
    "layercam": _layercam,
}
