"""Builds a pruned {{FAMILY}}, whose layers differ in their numbers of heads and FFN channels.

config.json says under "per_layer_config" what is different in each layer. transformers 5.15 and later reads that key, and
builds no layer from it; this file does. Nothing else is changed: every layer is one of transformers' own classes.
Written by Espalier, which prunes language models. Apache License 2.0.
"""

import copy

import transformers
from torch import nn

# Their layers derive the size of a head from the hidden size, so that fewer heads would become larger ones.
DERIVED_HEAD_SIZE = ("bloom", "gpt_neox", "opt")

# What the linear layers at the end of attention and of the FFN are called.
OUTPUTS = ("o_proj", "out_proj", "dense", "down_proj", "fc2")


class EspalierConfig(transformers.{{FAMILY}}ForCausalLM.config_class):
    def validate_architecture(self):
        """A layer may have a number of heads that does not divide the hidden size: the size of a head is given."""


class {{FAMILY}}ForCausalLM(transformers.{{FAMILY}}ForCausalLM):
    config_class = EspalierConfig

    def __init__(self, config):
        super().__init__(config)
        layers = decoder_layers(self)
        for index, layer in enumerate(layers):
            layers[index] = pruned_layer(type(layer), config, index)

    @classmethod
    def is_custom_code(cls):
        """No, for transformers: by the name of the class it looks up how to rename stored tensors, which are the family's."""
        return False

    def set_attn_implementation(self, *args, **kwargs):
        super().set_attn_implementation(*args, **kwargs)
        for layer in decoder_layers(self):
            for module in layer.modules():
                if hasattr(module, "config"):
                    module.config._attn_implementation_internal = self.config._attn_implementation


def decoder_layers(model):
    base = model.get_decoder() if model.config.model_type == "opt" else model.base_model
    return base.h if hasattr(base, "h") else base.layers


def layer_config(config, index):
    """The config of one layer."""
    per_layer = config.per_layer_config
    if not isinstance(per_layer, dict):
        own = per_layer[index]
    else:  # transformers before 5.15 keeps what config.json says
        own = copy.copy(config)
        for key, differing in per_layer.items():
            if int(key) == index:
                for name, value in differing.items():
                    setattr(own, name, value)
    own.head_dim = getattr(own, "head_dim", None) or head_size(config)
    return own


def head_size(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def pruned_layer(layer_class, config, index):
    own = layer_config(config, index)
    if config.model_type in DERIVED_HEAD_SIZE:
        built = copy.copy(own)
        built.num_attention_heads = config.num_attention_heads
        layer = layer_class(built, layer_idx=index)
        give_heads(layer, config, own)
    else:
        layer = layer_class(own, index)
    if getattr(config, "output_biases", False):
        give_output_biases(layer)
    return layer


def give_heads(layer, config, own):
    """Makes the attention of a layer as wide as its heads, and a BLOOM's FFN as wide as its channels."""
    heads = own.num_attention_heads
    width = heads * head_size(config)
    if config.model_type == "opt":
        attention = layer.self_attn
        attention.num_heads = heads
        for name in ("q_proj", "k_proj", "v_proj"):
            setattr(attention, name, resized(getattr(attention, name), outputs=width))
        attention.out_proj = resized(attention.out_proj, inputs=width)
        return
    attention = layer.attention if config.model_type == "gpt_neox" else layer.self_attention
    attention.query_key_value = resized(attention.query_key_value, outputs=3 * width)
    attention.dense = resized(attention.dense, inputs=width)
    if config.model_type == "bloom":
        attention.num_heads = heads
        attention.register_forward_pre_hook(AlibiOfKeptHeads(config.num_attention_heads, own), with_kwargs=True)
        channels = getattr(own, "intermediate_size", 4 * config.hidden_size)
        layer.mlp.dense_h_to_4h = resized(layer.mlp.dense_h_to_4h, outputs=channels)
        layer.mlp.dense_4h_to_h = resized(layer.mlp.dense_4h_to_h, inputs=channels)


def give_output_biases(layer):
    for module, name in ((layer, "fc2"), *((part, name) for part in layer.children() for name in OUTPUTS)):
        if hasattr(module, name):
            setattr(module, name, resized(getattr(module, name), bias=True))


def resized(linear, inputs=None, outputs=None, bias=False):
    return nn.Linear(
        linear.in_features if inputs is None else inputs,
        linear.out_features if outputs is None else outputs,
        bias=bias or linear.bias is not None,
        device=linear.weight.device,
        dtype=linear.weight.dtype,
    )


class AlibiOfKeptHeads:
    """A head that was kept has the slope that it had among all heads: of their biases the layer gets its heads' alone."""

    def __init__(self, all_heads, own):
        self.all_heads = all_heads
        self.slopes = getattr(own, "alibi_slopes", None)

    def __call__(self, module, args, kwargs):
        if self.slopes is not None:
            alibi = kwargs["alibi"]  # [samples * heads, 1, tokens]
            kept = [self.head_of(slope) for slope in self.slopes]
            by_head = alibi.reshape(-1, self.all_heads, *alibi.shape[1:])
            kwargs["alibi"] = by_head[:, kept].reshape(-1, *alibi.shape[1:])
        return args, kwargs

    def head_of(self, slope):
        distances = [abs(other - slope) for other in alibi_slopes(self.all_heads)]
        return distances.index(min(distances))


def alibi_slopes(heads):
    """The slopes of all heads, as in the paper "Train Short, Test Long"."""
    power = 1 << (heads.bit_length() - 1)
    slopes = [2 ** (-8 * (i + 1) / power) for i in range(power)]
    return slopes + [2 ** (-4 * (2 * i + 1) / power) for i in range(heads - power)]
