"""Names of what can be set, for editors and type checkers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Union

Setting = Union[str, float, bool, Sequence[float], Sequence[str], None]


class TrainSettings(TypedDict, total=False):
    """Options of ``alignscope train``; ``alignscope.parameters("train")`` says what they are."""

    data: Setting
    size: Setting
    held_out: Setting
    hidden: Setting
    rule: Setting
    activation: Setting
    code: Setting
    label_smoothing: Setting
    wrong_labels: Setting
    label_change: Setting
    label_change_kind: Setting
    loss: Setting
    batch: Setting
    drop_last: Setting
    eta: Setting
    momentum: Setting
    weight_decay: Setting
    optimizer: Setting
    beta1: Setting
    beta2: Setting
    epsilon: Setting
    muon_scale: Setting
    epochs: Setting
    reduction: Setting
    bias: Setting
    w_std: Setting
    b_std: Setting
    bias_std: Setting
    normalize_b: Setting
    b_scale: Setting
    wn: Setting
    activity_norm: Setting
    dropout: Setting
    order: Setting
    probe: Setting
    precision: Setting
    repeats: Setting
    seed: Setting
    record_every: Setting
    report_at: Setting
    quantities: Setting
    lags: Setting
    window: Setting
    compare: Setting
    predict: Setting
