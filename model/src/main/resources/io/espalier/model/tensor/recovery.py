# The arithmetic of recovery: more methods of the class in kernels.py.

  # ---- optimizer --------------------------------------------------------------------------------------------------

  # One step of AdamW (Loshchilov and Hutter, 2019), in place. w, gradient, m and v have the same number of elements and are
  # contiguous. `first` and `second` are 1 - beta1^step and 1 - beta2^step. Works on blocks that stay in the cache.
  def adam(self: __torch__.Kernels, w: Tensor, gradient: Tensor, m: Tensor, v: Tensor, rate: float, beta1: float, beta2: float, epsilon: float, decay: float, first: float, second: float) -> Tensor:
    flat, g, mean, square = w.view([-1]), gradient.view([-1]), m.view([-1]), v.view([-1])
    step = 131072
    for start in range(0, flat.size(0), step):
      end = start + step
      slope, m1, v1 = g[start:end], mean[start:end], square[start:end]
      m1.mul_(beta1).add_(slope, alpha=1. - beta1)
      v1.mul_(beta2).addcmul_(slope, slope, value=1. - beta2)
      width = torch.sqrt(v1 / second).add_(epsilon)
      (flat[start:end]).mul_(1. - rate * decay).addcdiv_(m1, width, value=-rate / first)
    return w

  # Sets the gradient of every removed weight to zero, in place, before a step of `adam` with the same w and v. A weight is removed
  # if it is 0 and v is: v is 0 everywhere before the first step, so these are the zeros that the training began with, and none
  # that a weight passes through later, whose v its gradients have made positive. So w = v = 0 lasts, and no mask has to be kept.
  def hold_zeros(self: __torch__.Kernels, w: Tensor, gradient: Tensor, v: Tensor) -> Tensor:
    flat, g, square = w.view([-1]), gradient.view([-1]), v.view([-1])
    step = 131072
    for start in range(0, flat.size(0), step):
      end = start + step
      removed = (flat[start:end] == 0.).logical_and_(square[start:end] == 0.)
      (g[start:end]).masked_fill_(removed, 0.)
    return gradient

  # x · factor, in place.
  def scale_in_place(self: __torch__.Kernels, x: Tensor, factor: float) -> Tensor:
    return x.mul_(factor)

  # Σ x², fp64 [].
  def sum_of_squares(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return self.squared_norm(x.reshape([-1, x.size(-1)]))

  # ---- what a layer learns ----------------------------------------------------------------------------------------

  # Σ (y - target)², fp64 [].
  def squared_error(self: __torch__.Kernels, y: Tensor, target: Tensor) -> Tensor:
    return self.sum_of_squares(y.detach() - target)

  # The gradient of weight · Σ (y - target)² with respect to y.
  def error_gradient(self: __torch__.Kernels, y: Tensor, target: Tensor, weight: float) -> Tensor:
    return (y.detach() - target).mul_(2. * weight)

  # sums [out] += Σ over rows of x [.., out], in place.
  def add_row_sums(self: __torch__.Kernels, sums: Tensor, x: Tensor) -> Tensor:
    return sums.add_(torch.sum(x.reshape([-1, x.size(-1)]), [0]))

  # The values that are left when x is stored with fewer bits.
  def rounded_to_bfloat16(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.to(torch.bfloat16).to(torch.float32)

  def rounded_to_half(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x.to(torch.float16).to(torch.float32)

  # ---- low-rank adapters ------------------------------------------------------------------------------------------

  # w [out, in] += scale · b a, in place, for b [out, r] and a [r, in].
  def add_low_rank(self: __torch__.Kernels, w: Tensor, b: Tensor, a: Tensor, scale: float) -> Tensor:
    step = 8 * self.block_rows(w)
    for start in range(0, w.size(0), step):
      (w[start:start + step]).addmm_(b[start:start + step], a, alpha=scale)
    return w

  # Adds the gradients of y = x (w + scale · b a)ᵀ with respect to a and b to sums, in place. x is [b, t, in], upstream is dY
  # [b, t, out].
  def add_low_rank_gradients(self: __torch__.Kernels, of_a: Tensor, of_b: Tensor, a: Tensor, b: Tensor, x: Tensor, upstream: Tensor, scale: float) -> Tensor:
    inputs, above = x.reshape([-1, x.size(-1)]), upstream.reshape([-1, upstream.size(-1)])
    of_b.add_(torch.matmul(above.t(), self.product(inputs, a)), alpha=scale)
    of_a.add_(torch.matmul(self.product(above, b.t()).t(), inputs), alpha=scale)
    return of_a

  # The gradient [n, block] of weight · Σ KL(p ‖ q) with respect to the uncapped logits of q, for a block of the vocabulary:
  # weight · (q - p), times the derivative of the cap. p has the capped logits d [n, block] and q the capped logits c; state is that
  # of fold_divergence over the whole vocabulary.
  def divergence_gradient(self: __torch__.Kernels, state: Tensor, dense: Tensor, other: Tensor, cap: float, weight: float) -> Tensor:
    p = torch.exp(dense.to(torch.float64) - (state[0] + torch.log(state[1])).unsqueeze(1))
    q = torch.exp(other.to(torch.float64) - (state[3] + torch.log(state[4])).unsqueeze(1))
    gradient = q.sub_(p).mul_(weight).to(torch.float32)
    return gradient.mul_(1. - (other / cap).square_()) if cap > 0. else gradient
