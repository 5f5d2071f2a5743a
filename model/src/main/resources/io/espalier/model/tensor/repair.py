# The arithmetic of repair: more methods of the class in kernels.py.
#
# A linear layer W [out, in] keeps the columns K of its input X [tokens, in] and loses the others, R. Its output then
# lacks E = X_R W_Rᵀ [tokens, out].

  # ---- what is missing --------------------------------------------------------------------------------------------

  # E for rows of X [tokens, in]; lost is W_R [out, lost], removed is R [lost].
  def missing(self: __torch__.Kernels, rows: Tensor, lost: Tensor, removed: Tensor) -> Tensor:
    return self.product(rows.index_select(1, removed), lost)

  # Σ x² in fp64, without an fp64 copy of x.
  def squared_norm(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.sum(torch.sum(x * x, [0], dtype=torch.float64))

  # sums, fp64 [1, out + 2], += Σ E over the tokens, ||E||² and ||XWᵀ||², in place.
  def accumulate_missing(self: __torch__.Kernels, sums: Tensor, x: Tensor, w: Tensor, lost: Tensor, removed: Tensor) -> Tensor:
    rows = x.reshape([-1, x.size(-1)])
    missing = self.missing(rows, lost, removed)
    sums[:, :-2].add_(torch.sum(missing, [0], dtype=torch.float64))
    sums[:, -2].add_(self.squared_norm(missing))
    sums[:, -1].add_(self.squared_norm(self.product(rows, w)))
    return sums

  # ---- least squares ----------------------------------------------------------------------------------------------

  # gram [kept, kept] += X_Kᵀ X_K, residual [out, kept] += Eᵀ X_K, norms fp64 [1, 2] += ||E||², ||Y||², in place. Y =
  # XWᵀ is the output to reproduce. If blended, the first half of the windows of x is the dense model's input Z and the
  # second half is X. Then Y is the mean of XWᵀ and ZWᵀ, and E is what the output lacks of this Y.
  def accumulate_residual(self: __torch__.Kernels, gram: Tensor, residual: Tensor, norms: Tensor, x: Tensor, w: Tensor, lost: Tensor, kept: Tensor, removed: Tensor, blended: bool) -> Tensor:
    rows = x.reshape([-1, x.size(-1)])
    own = rows[rows.size(0) // 2:] if blended else rows
    inputs = own.index_select(1, kept)
    missing = self.missing(own, lost, removed)
    output = self.product(own, w)
    if blended:
      drift = self.product(rows[:rows.size(0) // 2], w).sub_(output)
      missing.add_(drift, alpha=0.5)
      output.add_(drift, alpha=0.5)
    self.add_product(gram, inputs, inputs)
    self.add_product(residual, missing, inputs)
    norms[:, 0].add_(self.squared_norm(missing))
    norms[:, 1].add_(self.squared_norm(output))
    return norms

  # Replaces the residual C = Eᵀ X_K [out, kept] by Δ = C (H + λI)⁻¹, solved in fp64. The system holds H and then the
  # factor of H + λI. Returns ||E - X_K Δᵀ||² - ||E||² = tr(Δ H Δᵀ) - 2 tr(Δ Cᵀ) = -tr(Δ Cᵀ) - λ ||Δ||², fp64 [1].
  # Returns an empty tensor, and changes nothing, when H is not positive semi-definite up to rounding.
  def ridge(self: __torch__.Kernels, system: Tensor, residual: Tensor, damping: float) -> Tensor:
    if not self.factorize(system, damping):
      return torch.empty([0], dtype=torch.float64)
    change = torch.zeros([1], dtype=torch.float64)
    step = self.solved_together()
    for start in range(0, residual.size(0), step):
      given = residual[start:start + step]
      delta = self.divide(given.to(torch.float64), system)
      change.sub_(torch.sum(delta * given)).sub_(torch.sum(delta * delta) * damping)
      given.copy_(delta)
    return change
