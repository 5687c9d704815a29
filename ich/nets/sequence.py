"""Sequence nets: the features of a study's slices in order, to logits a slice and for the study."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

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
        lengths = mask.sum(1).cpu()
        packed = pack_padded_sequence(standardised, lengths, batch_first=True, enforce_sorted=False)
        context, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=mask.shape[1])
        logits = self.head(self.dropout(context))  # (B, S, L)
        absent = ~mask.unsqueeze(-1)
        study_logits = logits.masked_fill(absent, -torch.inf).amax(1)  # (B, L)
        return logits.masked_fill(absent, 0.0), study_logits


SEQUENCE_NETS: dict[str, type[nn.Module]] = {"SliceLSTM": SliceLSTM}
