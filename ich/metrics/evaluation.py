"""A table of predictions in, everything that is measured out: the content of metrics.json."""


def evaluate_table(frame, *, prevalence, position_bins, n_resamples=1000, seed=0, study_prevalence=None) -> dict:
    raise NotImplementedError
