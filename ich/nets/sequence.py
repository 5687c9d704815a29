"""Sequence nets: the features of a study's slices in order, to logits a slice and for the study."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ich.errors import ConfigError
from ich.labels import LABELS
from ich.nets.prevalence import set_bias_to_prevalence

# A feature that hardly varies in training (a dead ReLU) would blow up on another study if divided by its deviation.
SMALLEST_DEVIATION = 1e-4


class SliceLSTM(nn.Module):
    """Bidirectional LSTM over the slices of a study, as in the founding README (3 layers, hidden 256, dropout 0.3)."""

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, n_features: int, *, hidden: int = 256, layers: int = 3, dropout: float = 0.3) -> None:
        """Build an untrained net.

        Args:
            n_features: features a slice (F), pooled activations and logits of its slice net.
            hidden: units a direction and layer.
            layers: stacked LSTM layers.
            dropout: between layers and before the head, 0 to 1.
        """
        super().__init__()
        self.arguments = {
            "net": "SliceLSTM",
            "n_features": n_features,
            "hidden": hidden,
            "layers": layers,
            "dropout": dropout,
        }
        self.n_features = n_features
        self.register_buffer("feature_mean", torch.zeros(n_features))
        self.register_buffer("feature_std", torch.ones(n_features))
        self.lstm = nn.LSTM(
            n_features,
            hidden,
            num_layers=layers,
            dropout=dropout if layers > 1 else 0.0,
            bidirectional=True,
            batch_first=True,
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * hidden, len(LABELS))

    def set_standardisation(self, mean: Tensor, std: Tensor) -> None:
        """Take mean and standard deviation (F,) of the training features; travels with the weights."""
        self.feature_mean.copy_(mean)
        self.feature_std.copy_(torch.where(std < SMALLEST_DEVIATION, torch.ones_like(std), std))

    def set_prevalence(self, prevalence: Tensor) -> None:
        """Let an untrained net answer the training prevalence (L,) of slices."""
        set_bias_to_prevalence(self.head, prevalence)

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Score slices in the light of their neighbours, and the study.

        Args:
            features: float (B, S, F), padded at the end.
            mask: bool (B, S), true where there is a slice; each study has at least one, all at the start.

        Returns:
            Slice logits (B, S, L), 0 where there is no slice, and study logits (B, L): the maximum over the slices.
        """
        standardised = (features - self.feature_mean) / self.feature_std  # (B, S, F)
        context = _run_lstm(self.lstm, standardised, mask)  # (B, S, 2*H)
        return _masked_logits(self.head(self.dropout(context)), mask)


class ComponentLSTM(nn.Module):
    """Bidirectional LSTM over principal components of a slice's features and its slice net's probabilities.

    The probabilities are joined to what the LSTM says, too: the head corrects the slice net rather than replace it.

    Source: Burduja et al., Sensors 2020;20(19):5611, and the code they released.
    """

    feature_mean: Tensor
    axes: Tensor

    def __init__(
        self,
        n_features: int,
        *,
        components: int = 120,
        hidden: int = 256,
        layers: int = 3,
        dropout: float = 0.3,
        head_dropout: float = 0.5,
    ) -> None:
        """Build an untrained net.

        Args:
            n_features: features a slice (F), pooled activations and the L logits of its slice net behind them.
            components: principal components (K) of the pooled activations, at most as many as there are of these.
            hidden: units a direction and layer.
            layers: stacked LSTM layers.
            dropout: between layers, 0 to 1.
            head_dropout: before the head, 0 to 1.

        Raises:
            ConfigError: more components than pooled activations, or none.
        """
        super().__init__()
        n_pooled = n_features - len(LABELS)
        if not 1 <= components <= n_pooled:
            raise ConfigError(
                f"model.net.components={components}: expected 1 to {n_pooled}, the features that this slice net pools, "
                f"found {components}; set model.net.components"
            )
        self.arguments = {
            "net": "ComponentLSTM",
            "n_features": n_features,
            "components": components,
            "hidden": hidden,
            "layers": layers,
            "dropout": dropout,
            "head_dropout": head_dropout,
        }
        self.n_features, self.components = n_features, components
        self.register_buffer("feature_mean", torch.zeros(n_pooled))
        self.register_buffer("axes", torch.eye(components, n_pooled))
        self.lstm = nn.LSTM(
            components + len(LABELS),
            hidden,
            num_layers=layers,
            dropout=dropout if layers > 1 else 0.0,
            bidirectional=True,
            batch_first=True,
        )
        self.dropout = nn.Dropout(head_dropout)
        self.head = nn.Linear(2 * hidden + len(LABELS), len(LABELS))

    def set_components(self, mean: Tensor, axes: Tensor) -> None:
        """Take mean (F - L,) and principal axes (K, F - L) of the training features; travels with the weights."""
        self.feature_mean.copy_(mean)
        self.axes.copy_(axes)

    def set_prevalence(self, prevalence: Tensor) -> None:
        """Let an untrained net answer the training prevalence (L,) of slices."""
        set_bias_to_prevalence(self.head, prevalence)

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Score slices in the light of their neighbours, and the study; as SliceLSTM."""
        pooled, logits = features.split([len(self.feature_mean), len(LABELS)], dim=-1)  # (B, S, F - L), (B, S, L)
        probabilities = logits.sigmoid()
        projected = (pooled - self.feature_mean) @ self.axes.T  # (B, S, K)
        context = _run_lstm(self.lstm, torch.cat([projected, probabilities], dim=-1), mask)  # (B, S, 2*H)
        return _masked_logits(self.head(self.dropout(torch.cat([context, probabilities], dim=-1))), mask)


def _run_lstm(lstm: nn.LSTM, inputs: Tensor, mask: Tensor) -> Tensor:
    """What an LSTM says at each slice (B, S, 2*H), padding left out of it."""
    packed = pack_padded_sequence(inputs, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
    context, _ = pad_packed_sequence(lstm(packed)[0], batch_first=True, total_length=mask.shape[1])
    return context


def _masked_logits(logits: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Slice logits (B, S, L), 0 where there is no slice, and study logits (B, L): the maximum over the slices."""
    absent = ~mask.unsqueeze(-1)
    return logits.masked_fill(absent, 0.0), logits.masked_fill(absent, -torch.inf).amax(1)


SEQUENCE_NETS: dict[str, type[nn.Module]] = {"SliceLSTM": SliceLSTM, "ComponentLSTM": ComponentLSTM}
