# The arithmetic of repair: more methods of the class in kernels.py.
#
# A linear layer W [out, in] keeps the columns K of its input X [tokens, in] and loses the others, R. What is then missing
# from its output is E = X_R W_Rᵀ [tokens, out].

  # ---- what is missing --------------------------------------------------------------------------------------------

  # E of the rows [tokens, in]; lost is W_R [out, lost].
  def missing(self: __torch__.Kernels, rows: Tensor, lost: Tensor, removed: Tensor) -> Tensor:
    return self.product(rows.index_select(1, removed), lost)

  # Σ x² in double precision, without a double copy of x.
  def squared_norm(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.sum(torch.sum(x * x, [0], dtype=torch.float64))

  # fp64 [1, out + 2] += Σ E over the tokens, then ||E||² and ||XWᵀ||², in place.
  def accumulate_missing(self: __torch__.Kernels, sums: Tensor, x: Tensor, w: Tensor, lost: Tensor, removed: Tensor) -> Tensor:
    rows = x.reshape([-1, x.size(-1)])
    missing = self.missing(rows, lost, removed)
    sums[:, :-2].add_(torch.sum(missing, [0], dtype=torch.float64))
    sums[:, -2].add_(self.squared_norm(missing))
    sums[:, -1].add_(self.squared_norm(self.product(rows, w)))
    return sums

  # ---- least squares ----------------------------------------------------------------------------------------------

  # gram [kept, kept] += X_Kᵀ X_K, residual [out, kept] += Eᵀ X_K, norms fp64 [1, 2] += ||E||², ||Y||², in place, with the
  # output to reproduce Y = XWᵀ. Blended, the first half of the windows of x is the dense model's input Z, the second half
  # is X, Y is the mean of XWᵀ and ZWᵀ, and E is missing from that.
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

  # Rows of Δ at a time: enough that arithmetic and not reading the factor takes the time, few enough to be small.
  def solved_together(self: __torch__.Kernels) -> int:
    return 256

  # Δ = R (H + λI)⁻¹ in fp64, returned as fp32 [out, kept]; gram H [kept, kept], residual R [out, kept].
  # Empty when H is not positive semi-definite up to rounding: the pivots of H + λI would otherwise be λ at least.
  # The factor takes the place of the system, and R goes in blocks: one fp64 [kept, kept] is all that is large. Two
  # triangular systems read the factor where it lies; cholesky_solve would copy it for every block.
  def ridge(self: __torch__.Kernels, gram: Tensor, residual: Tensor, damping: float) -> Tensor:
    # Symmetric, so its transpose, which the factorization works on in place, is the same matrix.
    system = gram.to(torch.float64).t()
    system.diagonal().add_(damping)
    info = torch.zeros([], dtype=torch.int32)
    unused = torch.linalg_cholesky_ex(system, upper=False, check_errors=False, L=system, info=info)
    if bool(torch.ne(info, 0)) or float(system.diagonal().min()) ** 2 < 0.5 * damping:
      return torch.empty([0])
    delta = torch.empty([residual.size(0), residual.size(1)])
    step = self.solved_together()
    for start in range(0, residual.size(0), step):
      block = residual[start:start + step].to(torch.float64)
      half = torch.linalg_solve_triangular(system, block.t(), upper=False)
      delta[start:start + step].copy_(torch.linalg_solve_triangular(system.t(), half, upper=True).t())
    return delta

  # ||E - X_K Δᵀ||² - ||E||² = tr(Δ H Δᵀ) - 2 tr(Δ Rᵀ), Δ in blocks of rows and H in blocks of columns.
  def error_change(self: __torch__.Kernels, gram: Tensor, residual: Tensor, delta: Tensor) -> float:
    change = 0.
    step = self.solved_together()
    for first in range(0, delta.size(0), 4 * step):
      wide = delta[first:first + 4 * step].to(torch.float64)
      change = change - 2. * float(torch.sum(wide * residual[first:first + 4 * step]))
      for start in range(0, gram.size(1), step):
        columns = gram[:, start:start + step].to(torch.float64)
        change = change + float(torch.sum((wide @ columns) * wide[:, start:start + step]))
    return change
