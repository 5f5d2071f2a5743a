# The arithmetic of Espalier, as TorchScript source that the engine compiles when it starts.
#
# Shapes are written as in the papers: b windows, t tokens, s positions, d hidden size, h query heads, k KV heads, D head
# size, f FFN channels. A weight is [out, in]; y = x Wᵀ + bias. Numbers are fp32 unless said otherwise.
# Large matrices are processed in blocks of rows of about 131,072 elements, so that temporaries stay in the cache.

class Kernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  # The number of rows in one block of a matrix.
  def block_rows(self: __torch__.Kernels, w: Tensor) -> int:
    return 131072 // w.size(1) + 1

  # ---- stored bytes and compute type ------------------------------------------------------------------------------

  # Uninitialised memory, fp32 [elements].
  def reserve(self: __torch__.Kernels, elements: int) -> Tensor:
    return torch.empty([elements])

  # Uninitialised memory, bf16 [elements].
  def reserve_bfloat16(self: __torch__.Kernels, elements: int) -> Tensor:
    return torch.empty([elements], dtype=torch.bfloat16)

  # Uninitialised memory, fp16 [elements].
  def reserve_half(self: __torch__.Kernels, elements: int) -> Tensor:
    return torch.empty([elements], dtype=torch.float16)

  # A bf16 view of bits that arrive as an fp16 array, because fp16 is the only 16-bit type that crosses the Java boundary
  # unchanged.
  def as_bfloat16(self: __torch__.Kernels, bits: Tensor) -> Tensor:
    return torch.empty([0], dtype=torch.bfloat16).set_(bits)

  # The bits of a bf16 array as an fp16 array in the same memory.
  def bfloat16_bits(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.empty([0], dtype=torch.float16).set_(x)

  # Converts stored elements into target[start : start + n], in place.
  def fill(self: __torch__.Kernels, target: Tensor, start: int, stored: Tensor) -> Tensor:
    return target[start:start + stored.size(0)].copy_(stored)

  # Converts stored bf16 elements, whose bits arrive as fp16, into target[start : start + n], in place.
  def fill_bfloat16(self: __torch__.Kernels, target: Tensor, start: int, bits: Tensor) -> Tensor:
    return target[start:start + bits.size(0)].copy_(self.as_bfloat16(bits))

  def reshape(self: __torch__.Kernels, x: Tensor, shape: List[int]) -> Tensor:
    return x.reshape(shape)

  # A view of the elements [start, start + length) of x [n].
  def slice(self: __torch__.Kernels, x: Tensor, start: int, length: int) -> Tensor:
    return x[start:start + length]

  # Rounds to the nearest bf16 and returns the bits as fp16.
  def float_to_bfloat16(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return self.bfloat16_bits(x.to(torch.bfloat16).contiguous())

  def float_to_half(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.to(torch.float16).contiguous()

  def float_to_double(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.to(torch.float64).contiguous()

  # A single NaN or Inf makes the sum NaN or Inf. An fp32 sum of finite values may overflow too. Then the fp64 sum
  # decides; it takes twenty times as long.
  def all_finite(self: __torch__.Kernels, x: Tensor) -> bool:
    finite = bool(torch.isfinite(torch.sum(x)))
    if not finite:
      finite = bool(torch.isfinite(torch.sum(x, dtype=torch.float64)))
    return finite

  # ---- decoder layer ----------------------------------------------------------------------------------------------

  # A product is computed in the type of its weight: fp32, bf16 or fp16. A norm is computed in fp32. Its result has the
  # type of the norm's weight, which is the type of the products that follow. The residual stream is fp32.

  def linear(self: __torch__.Kernels, x: Tensor, w: Tensor) -> Tensor:
    return self.product(x.type_as(w), w)

  def linear_bias(self: __torch__.Kernels, x: Tensor, w: Tensor, bias: Tensor) -> Tensor:
    return self.product_bias(x.type_as(w), w, bias)

  # The number of rows of x [.., width] whose temporaries fit in the cache of one core.
  def cached_rows(self: __torch__.Kernels, width: int) -> int:
    return 65536 // width + 1

  # Root mean square norm of x [.., d] with w [d]. `offset` is 1 if the checkpoint stores the weight minus 1, else 0.
  def rms_norm(self: __torch__.Kernels, x: Tensor, w: Tensor, epsilon: float, offset: float) -> Tensor:
    factors = w.to(torch.float32) + offset
    if x.requires_grad:
      y = self.rms_normed(x, factors, epsilon).type_as(w)
    else:
      rows = x.reshape([-1, x.size(-1)])
      normed = torch.empty(rows.size(), dtype=w.dtype)
      step = self.cached_rows(x.size(-1))
      for start in range(0, rows.size(0), step):
        normed[start:start + step].copy_(self.rms_normed(rows[start:start + step], factors, epsilon))
      y = normed.view(x.size())
    return y

  def rms_normed(self: __torch__.Kernels, x: Tensor, factors: Tensor, epsilon: float) -> Tensor:
    wide = x.to(torch.float32)
    norm = torch.linalg_vector_norm(wide, 2., [-1], True)
    scale = torch.rsqrt(norm * norm / wide.size(-1) + epsilon)
    return (wide * scale).mul_(factors)

  # Layer norm of x [.., d] with w [d] and bias [d].
  def layer_norm(self: __torch__.Kernels, x: Tensor, w: Tensor, bias: Tensor, epsilon: float) -> Tensor:
    normed = torch.layer_norm(x.to(torch.float32), [x.size(-1)], w.to(torch.float32), bias.to(torch.float32), epsilon)
    return normed.type_as(w)

  # [b, t, heads·D] to [b, heads, t, D]
  def split_heads(self: __torch__.Kernels, x: Tensor, head_dim: int) -> Tensor:
    return x.reshape([x.size(0), x.size(1), -1, head_dim]).transpose(1, 2)

  # Rotates the pairs (i, i + p) of x [b, heads, t, D], i < p, by angles whose cosines and sines are fp32 [t, p]. The positions
  # of a head from 2·p on stay as they are.
  def rotate(self: __torch__.Kernels, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    if x.requires_grad:
      y = self.rotated(x, cos, sin).type_as(x)
    else:
      y = torch.empty_like(x)
      step = self.cached_rows(x.size(0) * x.size(1) * x.size(3))
      for start in range(0, x.size(2), step):
        end = start + step
        y[:, :, start:end].copy_(self.rotated(x[:, :, start:end], cos[start:end], sin[start:end]))
    return y

  def rotated(self: __torch__.Kernels, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    wide, half = x.to(torch.float32), cos.size(-1)
    turned = wide[..., :2 * half] * torch.cat([cos, cos], -1)
    turned[..., :half].addcmul_(wide[..., half:2 * half], sin, value=-1)
    turned[..., half:].addcmul_(wide[..., :half], sin)
    return turned if 2 * half == wide.size(-1) else torch.cat([turned, wide[..., 2 * half:]], -1)

  # Splits [b, t, h·3·D], in which the query, key and value of one head follow each other, into three of [b, h, t, D].
  def split_interleaved(self: __torch__.Kernels, x: Tensor, head_dim: int) -> List[Tensor]:
    heads = x.reshape([x.size(0), x.size(1), -1, 3, head_dim]).permute([3, 0, 2, 1, 4])
    return [heads[0], heads[1], heads[2]]

  # Splits the last axis: part i has `shares[i]` / sum of the shares of its length.
  def split_shares(self: __torch__.Kernels, x: Tensor, shares: List[int]) -> List[Tensor]:
    total = 0
    for share in shares:
      total = total + share
    parts = annotate(List[Tensor], [])
    start = 0
    for share in shares:
      length = x.size(-1) // total * share
      parts.append(x.narrow(-1, start, length))
      start = start + length
    return parts

  # The bias of the attention scores of the last t of s positions, [1, h or 1, t, s]. It is -inf for later positions,
  # and for positions `window` or more before the query's (0 means no limit). With ALiBi's slopes [h] it is slope · (key
  # position - query position) for all others, else 0.
  def attention_bias(self: __torch__.Kernels, t: int, s: int, window: int, slopes: Tensor) -> Tensor:
    keys = torch.arange(s)
    distance = keys.unsqueeze(0) - (keys[s - t:]).unsqueeze(1)
    hidden = distance > 0
    if window > 0:
      hidden = hidden.logical_or(distance <= -window)
    bias = torch.zeros([1, 1, t, s])
    if slopes.numel() > 0:
      bias = (slopes.reshape([-1, 1, 1]) * distance.to(torch.float32)).unsqueeze(0)
    return bias.masked_fill(hidden, float("-inf"))

  # Causal attention with this bias, `step` heads at a time. The bias of all heads would be larger than all other
  # activations.
  def biased_attention(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, scale: float, window: int, slopes: Tensor, step: int) -> Tensor:
    h, t, s = q.size(1), q.size(2), k.size(2)
    keys, values = self.per_head(k, h), self.per_head(v, h)
    mixed = annotate(List[Tensor], [])
    for start in range(0, h, step):
      end = start + step
      bias = self.attention_bias(t, s, window, slopes[start:end]).type_as(q)
      mixed.append(torch.scaled_dot_product_attention(q[:, start:end], keys[:, start:end], values[:, start:end], bias, 0., False, scale=scale))
    return torch.cat(mixed, 1).transpose(1, 2).reshape([q.size(0), t, -1])

  # Causal attention with a sliding window and with scores capped to (-cap, cap), `step` heads of one window at a time. No
  # fused kernel caps scores.
  def capped_attention(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, step: int) -> Tensor:
    h, t, s = q.size(1), q.size(2), k.size(2)
    bias = self.attention_bias(t, s, window, torch.zeros([0]))[0]
    keys, values = self.per_head(k, h), self.per_head(v, h)
    windows = annotate(List[Tensor], [])
    for i in range(q.size(0)):
      mixed = annotate(List[Tensor], [])
      for start in range(0, h, step):
        end = start + step
        scores = torch.matmul(q[i, start:end] * scale, (keys[i, start:end]).transpose(1, 2)).to(torch.float32)
        weights = torch.softmax(self.capped(scores, cap) + bias, -1).type_as(v)
        mixed.append(torch.matmul(weights, values[i, start:end]))
      windows.append(torch.cat(mixed, 0).transpose(0, 1))
    return torch.stack(windows).reshape([q.size(0), t, -1])

  # Caps x to (-cap, cap) by tanh; a cap of 0 leaves x unchanged.
  def capped(self: __torch__.Kernels, x: Tensor, cap: float) -> Tensor:
    return torch.tanh(x / cap) * cap if cap > 0. else x

  # Causal attention of the last t of s positions: q [b, h, t, D], k and v [b, k, s, D], result [b, t, h·D]. t is s (a
  # prompt) or 1 (decoding with a KV cache), so the mask is a plain triangle or empty. The fused kernel needs one KV
  # head per query head. For a single position, the query heads of a KV group are passed as the queries of one head. For
  # a prompt, each KV group is passed as a batch, whose heads share one copy of the keys and values.
  def causal_attention(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
    b, h, t, groups = q.size(0), q.size(1), q.size(2), k.size(1)
    if t == 1:
      y = torch.scaled_dot_product_attention(q.reshape([b, groups, -1, q.size(3)]), k, v, None, 0., False, scale=scale).reshape([b, t, -1])
    elif h == groups:
      y = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=scale).transpose(1, 2).reshape([b, t, -1])
    else:
      windows = annotate(List[Tensor], [])
      for i in range(b):
        grouped = q[i].reshape([groups, -1, t, q.size(3)])
        keys, values = (k[i]).unsqueeze(1).expand(grouped.size()), (v[i]).unsqueeze(1).expand(grouped.size())
        mixed = torch.scaled_dot_product_attention(grouped, keys, values, None, 0., True, scale=scale)
        windows.append(mixed.permute([2, 0, 1, 3]))
      y = torch.stack(windows).reshape([b, t, -1])
    return y

  # KV heads [b, k, s, D], each repeated for every query head of its KV group: [b, h, s, D]
  def per_head(self: __torch__.Kernels, x: Tensor, h: int) -> Tensor:
    y = x
    if h != x.size(1):
      y = x.unsqueeze(2).expand([-1, -1, h // x.size(1), -1, -1]).reshape([x.size(0), h, x.size(2), x.size(3)])
    return y

  def activation(self: __torch__.Kernels, x: Tensor, name: str) -> Tensor:
    if name == "silu":
      y = torch.silu(x)
    elif name == "relu":
      y = torch.relu(x)
    elif name == "gelu":
      y = torch.gelu(x)
    else:
      y = torch.gelu(x, approximate="tanh")
    return y

  # activation(gate) · up. Overwrites the gate unless the call is recorded for gradients.
  def gated(self: __torch__.Kernels, gate: Tensor, up: Tensor, name: str) -> Tensor:
    if gate.requires_grad or up.requires_grad:
      y = self.activation(gate, name).mul_(up)
    else:
      y, width = gate, gate.size(-1)
      gates, ups = gate.view([-1, width]), up.view([-1, width])
      step = 2 * self.cached_rows(width)
      for start in range(0, gates.size(0), step):
        block, factors = gates[start:start + step], ups[start:start + step]
        if name == "silu":
          torch.silu_(block).mul_(factors)
        else:
          block.copy_(self.activation(block, name).mul_(factors))
    return y

  def scaled(self: __torch__.Kernels, x: Tensor, factor: float) -> Tensor:
    return x * factor

  def widened(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.to(torch.float32)

  # Converts y first, because the engine adds two different types slowly.
  def add(self: __torch__.Kernels, x: Tensor, y: Tensor) -> Tensor:
    return x + y if x.dtype == y.dtype else y.to(x.dtype).add_(x)

  def concatenate(self: __torch__.Kernels, parts: List[Tensor], dim: int) -> Tensor:
    return torch.cat(parts, dim)

  # Positions [start, start + length) along `dim`.
  def narrow(self: __torch__.Kernels, x: Tensor, dim: int, start: int, length: int) -> Tensor:
    return x.narrow(dim, start, length).contiguous()

  # The given positions along `dim`, in the given order.
  def select(self: __torch__.Kernels, x: Tensor, dim: int, positions: Tensor) -> Tensor:
    return x.index_select(dim, positions)

  # ---- loss in vocabulary blocks ----------------------------------------------------------------------------------

  # Logits, fp32 [.., block], of hidden [.., d] for the vocabulary rows w [block, d].
  def logits(self: __torch__.Kernels, hidden: Tensor, w: Tensor, cap: float) -> Tensor:
    return self.capped(self.linear(hidden, w).to(torch.float32), cap)

  # The initial state of an online log-sum-exp for n predictions.
  def empty_fold(self: __torch__.Kernels, n: int) -> Tensor:
    return torch.tensor([[-3.5e38], [0.], [0.]], dtype=torch.float64).repeat([1, n])

  # Adds the logits of the vocabulary rows [start, start + block) to an online log-sum-exp.
  # hidden [n, d]; w [block, d]; targets int64 [n]; fold fp64 [3, n]: maximum, sum of exp(logit - maximum), target logit.
  def fold_vocabulary(self: __torch__.Kernels, fold: Tensor, hidden: Tensor, w: Tensor, cap: float, targets: Tensor, start: int) -> Tensor:
    products = self.linear(hidden, w)
    folded = torch.empty(fold.size(), dtype=torch.float64)
    step = 2 * self.cached_rows(w.size(0))
    for first in range(0, hidden.size(0), step):
      end = first + step
      logits = self.capped((products[first:end]).to(torch.float32), cap)
      folded[:, first:end].copy_(self.fold_logits(fold[:, first:end], logits, targets[first:end], start))
    return folded

  # Adds given logits [n, block] to an online log-sum-exp, and overwrites them.
  def fold_logits(self: __torch__.Kernels, fold: Tensor, logits: Tensor, targets: Tensor, start: int) -> Tensor:
    block = logits.size(1)
    before, total, target = fold[0], fold[1], fold[2]
    maximum = torch.maximum(before, logits.amax([-1]).to(torch.float64))
    local = targets - start
    inside = (local >= 0).logical_and(local < block)
    logit = logits.gather(1, local.clamp(0, block - 1).unsqueeze(1)).squeeze(1).to(torch.float64)
    # Every maximum is an fp32 value, so the fp32 exponents and the fp64 sum use the same maximum.
    exponentials = logits.sub_(maximum.to(torch.float32).unsqueeze(1)).exp_()
    # The engine sums fp32 pairwise. Within a block that is as exact as the logits are, and takes a third of the time of
    # fp64.
    total = total * torch.exp(before - maximum) + torch.sum(exponentials, [1]).to(torch.float64)
    return torch.stack([maximum, total, torch.where(inside, logit, target)])

  # Token id with the highest logit at the last position of hidden [1, t, d].
  def most_likely(self: __torch__.Kernels, hidden: Tensor, w: Tensor) -> int:
    return int(torch.argmax(self.linear(hidden[0, -1:], w)))

  # [vocabulary]: logits of the token behind the last one; hidden [1, t, d], w [vocabulary, d].
  def last_logits(self: __torch__.Kernels, hidden: Tensor, w: Tensor, cap: float) -> Tensor:
    return self.logits(hidden[0, -1], w, cap)

  # fp64 [n]: -log p(target)
  def negative_log_likelihood(self: __torch__.Kernels, fold: Tensor) -> Tensor:
    return fold[0] + torch.log(fold[1]) - fold[2]

  # ---- statistics of a linear's input -----------------------------------------------------------------------------

  # fp64 [2, in]: Σ x and Σ x² over all rows of x [.., in]. Each of 32 fp32 partial sums takes every 32nd row. They are
  # added up only at the end, because a sum across rows takes as long as everything else.
  def moments(self: __torch__.Kernels, x: Tensor) -> Tensor:
    rows = x.reshape([-1, x.size(-1)])
    sums = torch.zeros([2, 32, x.size(-1)])
    for start in range(0, rows.size(0), 32):
      block = rows[start:start + 32].to(torch.float32)
      n = block.size(0)
      sums[0, :n].add_(block)
      sums[1, :n].addcmul_(block, block)
    return torch.sum(sums, [1], dtype=torch.float64)

  # fp64 [2]: Σ c and Σ c² of the cosines c between the rows of x and y [.., d]. The cosine is 0 if either row is zero.
  def cosine_moments(self: __torch__.Kernels, x: Tensor, y: Tensor) -> Tensor:
    dots = torch.sum(x * y, [-1], dtype=torch.float64)
    squares = torch.sum(x * x, [-1], dtype=torch.float64) * torch.sum(y * y, [-1], dtype=torch.float64)
    cosines = dots / torch.sqrt(squares).clamp(1e-30)
    return torch.stack([cosines.sum(), (cosines * cosines).sum()])

  def zeros(self: __torch__.Kernels, rows: int, columns: int) -> Tensor:
    return torch.zeros([rows, columns])

  def zeros64(self: __torch__.Kernels, rows: int, columns: int) -> Tensor:
    return torch.zeros([rows, columns], dtype=torch.float64)

  # ---- exact gradients --------------------------------------------------------------------------------------------

  # A copy to compute gradients for. A copy is needed, because tensors made without recording cannot be recorded later.
  def variable(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.detach().clone().requires_grad_(True)

  # The same tensor, without a copy, to compute gradients for. It must have been made while recording.
  def leaf(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.detach().requires_grad_(True)

  def copy(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.clone()

  def clear(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.zero_()

  def replace(self: __torch__.Kernels, x: Tensor, y: Tensor) -> Tensor:
    return x.copy_(y)

  def alias(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.alias(x)

  def detached(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.detach()

  # The gradient dX = dY W of y = x Wᵀ, in the type of the weight.
  def linear_gradient(self: __torch__.Kernels, upstream: Tensor, w: Tensor) -> Tensor:
    return self.product(upstream.type_as(w), w.t())

  # sum [p, q] += aᵀ b, in place, for a [n, p] and b [n, q] of one type. It works on a block of rows at a time to need
  # little memory.
  def add_product(self: __torch__.Kernels, sum: Tensor, a: Tensor, b: Tensor) -> Tensor:
    step = 8 * self.block_rows(sum)
    for start in range(0, sum.size(0), step):
      self.add_in_place(sum[start:start + step], self.product((a[:, start:start + step]).t(), b.t()))
    return sum

  # Gradients of Σ output · upstream with respect to the inputs; empty for an input that the output does not depend on.
  def gradients(self: __torch__.Kernels, output: Tensor, upstream: Tensor, inputs: List[Tensor]) -> List[Tensor]:
    given = annotate(List[Optional[Tensor]], [])
    given.append(upstream)
    found = torch.grad([output], inputs, given, None, False, True)
    gradients = annotate(List[Tensor], [])
    for gradient in found:
      if gradient is None:
        gradients.append(torch.empty([0]))
      else:
        gradients.append(torch._unwrap_optional(gradient).detach())
    return gradients

  # The gradient [n, block] of the mean loss with respect to the uncapped logits of the vocabulary rows from `start` on:
  # (softmax - onehot) · weight, times the derivative of the cap. logits [n, block] are capped; fold is as above.
  def vocabulary_gradient(self: __torch__.Kernels, logits: Tensor, cap: float, fold: Tensor, targets: Tensor, start: int, weight: float) -> Tensor:
    normaliser = fold[0] + torch.log(fold[1])
    gradient = torch.exp(logits.to(torch.float64) - normaliser.unsqueeze(1)).to(torch.float32)
    local = targets - start
    inside = (local >= 0).logical_and(local < logits.size(1)).to(torch.float32).unsqueeze(1)
    gradient.scatter_add_(1, local.clamp(0, logits.size(1) - 1).unsqueeze(1), -inside).mul_(weight)
    # The derivative of cap · tanh(z / cap), written in terms of its value.
    return gradient.mul_(1. - (logits / cap).square_()) if cap > 0. else gradient

  # Converts blocks of y first, because the engine adds two different types slowly.
  def add_in_place(self: __torch__.Kernels, x: Tensor, y: Tensor) -> Tensor:
    if x.dtype == y.dtype:
      x.add_(y)
    else:
      rows, added = x.view([-1, x.size(-1)]), y.reshape([-1, y.size(-1)])
      step = self.cached_rows(x.size(-1))
      for start in range(0, rows.size(0), step):
        rows[start:start + step].add_((added[start:start + step]).to(x.dtype))
    return x

  # mean [out, in] += Σ_s g_s, in place, and squares += samples · Σ_s g_s² unless squares is empty. g_s = dY_sᵀ X_s is the
  # gradient of window s; upstream is dY [b, t, out], x is X [b, t, in].
  def accumulate_gradients(self: __torch__.Kernels, mean: Tensor, squares: Tensor, upstream: Tensor, x: Tensor, samples: int) -> Tensor:
    above = upstream.type_as(x)
    if squares.numel() == 0:
      return self.add_product(mean, above.reshape([-1, above.size(-1)]), x.reshape([-1, x.size(-1)]))
    step = 8 * self.block_rows(mean)
    for s in range(0, x.size(0), 1):
      for start in range(0, mean.size(0), step):
        own = self.product((above[s, :, start:start + step]).t(), (x[s]).t()).to(torch.float32)
        mean[start:start + step].add_(own)
        squares[start:start + step].addcmul_(own, own, value=samples)
    return mean
