# The arithmetic of the search: more methods of the class in kernels.py.
#
# A linear layer W [out, in] has its input columns in the order in which they are removed: R, those that go, stand before
# K, those that stay. The system [in, in] holds A, upper triangular, with H + λI = A Aᵀ in the same order (factorize).

  # ---- levels -----------------------------------------------------------------------------------------------------

  # The change of W when its first columns go and the others make up for them by least squares, W'_K - W_K =
  # W_R (H + λI)[R, K] (H_KK + λI)⁻¹. Because A is upper triangular, that is W_R A_RK A_KK⁻¹ for every number of removed
  # columns: one factor serves all levels. fp32 [out, in]; the removed columns change by -W_R.
  def level_change(self: __torch__.Kernels, system: Tensor, w: Tensor, removed: int) -> Tensor:
    change = torch.empty(w.size())
    # Blocks of rows bound the fp64 copies.
    step = self.solved_together()
    for first in range(0, w.size(0), step):
      lost = w[first:first + step, :removed]
      change[first:first + step, :removed].copy_(-lost)
      made_up = torch.matmul(lost.to(torch.float64), system[:removed, removed:])
      change[first:first + step, removed:].copy_(self.divide_kept(made_up, system[removed:, removed:]))
    return change

  # Replaces rows [r, n] by rows A⁻¹ for an upper triangular A [n, n], in place.
  def divide_kept(self: __torch__.Kernels, rows: Tensor, a: Tensor) -> Tensor:
    n, step = a.size(0), self.solved_together()
    for start in range(0, n, step):
      end = min(start + step, n)
      left = rows[:, start:end].addmm_(rows[:, :start], a[:start, start:end], alpha=-1)
      left.copy_(torch.linalg_solve_triangular(torch.triu(a[start:end, start:end]), left, upper=True, left=False))
    return rows

  # Factors H + λI in place; an empty tensor when H is not positive definite, and then H is unchanged.
  def factorized(self: __torch__.Kernels, system: Tensor, damping: float) -> Tensor:
    return system.view([-1]) if self.factorize(system, damping) else torch.empty([0], dtype=torch.float64)

  # Σ (g_t · Δ_t)² over tokens, fp64 []: Δ_t = change x_t is how the output changes, g_t is the gradient with respect to it.
  # x is [b, t, in], upstream is g [b, t, out], change is [out, in].
  def squared_changes(self: __torch__.Kernels, x: Tensor, upstream: Tensor, change: Tensor) -> Tensor:
    rows = x.reshape([-1, x.size(-1)])
    dots = torch.sum(self.product(rows, change).mul_(upstream.reshape([rows.size(0), -1])), [1])
    return self.squared_norm(dots)

  # ---- vocabulary -------------------------------------------------------------------------------------------------

  # Draws the token where the cumulative probability exceeds a uniform number. drawn is fp64 [2, n]: the probability of the
  # blocks before, and the token, -1 while none is drawn. logits are [n, block] and fold is that of the whole vocabulary.
  def draw_tokens(self: __torch__.Kernels, drawn: Tensor, logits: Tensor, fold: Tensor, uniform: Tensor, start: int) -> Tensor:
    block = logits.size(1)
    normaliser = fold[0] + torch.log(fold[1])
    cumulative = torch.exp(logits.to(torch.float64) - normaliser.unsqueeze(1)).cumsum(1) + drawn[0].unsqueeze(1)
    before = torch.sum((cumulative <= uniform.unsqueeze(1)).to(torch.float64), [1])
    now = (drawn[1] < 0.).logical_and(before < float(block))
    return torch.stack([cumulative[:, block - 1], torch.where(now, before + float(start), drawn[1])])

  # The initial state of a divergence over n predictions.
  def empty_divergence(self: __torch__.Kernels, n: int) -> Tensor:
    return torch.tensor([[-3.5e38], [0.], [0.], [-3.5e38], [0.]], dtype=torch.float64).repeat([1, n])

  # Adds a block of the vocabulary to KL(p ‖ q). p has the logits d [n, block] and q the logits c [n, block]; the state is
  # fp64 [5, n]: the maximum m of d, Σ exp(d - m), Σ exp(d - m) (d - c), the maximum of c, Σ exp(c - maximum).
  def fold_divergence(self: __torch__.Kernels, state: Tensor, dense: Tensor, other: Tensor) -> Tensor:
    folded = torch.empty(state.size(), dtype=torch.float64)
    step = 2 * self.cached_rows(dense.size(1))
    for start in range(0, dense.size(0), step):
      end = start + step
      d, c, before = (dense[start:end]).to(torch.float64), (other[start:end]).to(torch.float64), state[:, start:end]
      most = torch.maximum(before[0], d.amax([1]))
      weights = torch.exp(d - most.unsqueeze(1))
      scale = torch.exp(before[0] - most)
      most_other = torch.maximum(before[3], c.amax([1]))
      total_other = before[4] * torch.exp(before[3] - most_other) + torch.sum(torch.exp(c - most_other.unsqueeze(1)), [1])
      total = before[1] * scale + torch.sum(weights, [1])
      differences = before[2] * scale + torch.sum(weights * (d - c), [1])
      folded[:, start:end].copy_(torch.stack([most, total, differences, most_other, total_other]))
    return folded

  # KL(p ‖ q) of each prediction, fp64 [n].
  def divergence(self: __torch__.Kernels, state: Tensor) -> Tensor:
    return state[2] / state[1] - state[0] - torch.log(state[1]) + state[3] + torch.log(state[4])

  # The initial state of the most likely tokens of n predictions in two models.
  def empty_likeliest(self: __torch__.Kernels, n: int) -> Tensor:
    return torch.tensor([[-3.5e38], [-1.], [-3.5e38], [-1.]], dtype=torch.float64).repeat([1, n])

  # Goes on looking for the most likely token of each prediction, the first of equals. The state is fp64 [4, n]: the largest of
  # the dense model's logits so far and its token, then the other model's. dense and other are logits [n, block].
  def fold_likeliest(self: __torch__.Kernels, state: Tensor, dense: Tensor, other: Tensor, start: int) -> Tensor:
    d, c = dense.amax([1]).to(torch.float64), other.amax([1]).to(torch.float64)
    d_at, c_at = torch.argmax(dense, 1).to(torch.float64) + float(start), torch.argmax(other, 1).to(torch.float64) + float(start)
    d_more, c_more = d > state[0], c > state[2]
    return torch.stack([torch.where(d_more, d, state[0]), torch.where(d_more, d_at, state[1]), torch.where(c_more, c, state[2]), torch.where(c_more, c_at, state[3])])

  # 1 where both models find the same token most likely, else 0, fp64 [n].
  def same_likeliest(self: __torch__.Kernels, state: Tensor) -> Tensor:
    return (state[1] == state[3]).to(torch.float64)
