"""The config of a LLaMA whose layers have their own FFN widths and numbers of KV heads, as vLLM's DeciLMForCausalLM reads it.

Written by Espalier, which prunes language models. Apache License 2.0.
"""

from transformers import LlamaConfig


class Settings(dict):
    """Settings that are read as attributes and saved as JSON."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class DeciLMConfig(LlamaConfig):
    model_type = "nemotron-nas"

    def __init__(self, block_configs=(), **kwargs):
        super().__init__(**kwargs)
        self.block_configs = [Settings({half: Settings(of) for half, of in block.items()}) for block in block_configs]

    def validate_architecture(self):
        """The number of heads need not divide the hidden size: the size of a head is given."""
