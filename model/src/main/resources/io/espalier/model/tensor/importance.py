# The arithmetic of importance: more methods of the class in kernels.py.

  # ---- importance -------------------------------------------------------------------------------------------------
  # Each kernel sums a score matrix S [out, in], made from the weight W [out, in]. It returns the sum over every row and
  # then over every column: fp64 [out + in].

  # Adds a block s of S, whose first row is `start`, to sums [out + in], in place.
  def add_sums(self: __torch__.Kernels, sums: Tensor, rows: int, start: int, s: Tensor) -> int:
    sums[start:start + s.size(0)] = torch.sum(s, [1], dtype=torch.float64)
    sums[rows:].add_(torch.sum(s, [0], dtype=torch.float64))
    return start

  # S = |W|^p
  def magnitude_sums(self: __torch__.Kernels, w: Tensor, p: int) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].to(torch.float32).abs()
      self.add_sums(sums, w.size(0), start, s * s if p == 2 else s)
    return sums

  # S = |W_ij| · n_j
  def scaled_magnitude_sums(self: __torch__.Kernels, w: Tensor, n: Tensor) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      self.add_sums(sums, w.size(0), start, w[start:start + step].abs() * n)
    return sums

  # S = |W_ij| · n_j · |G_ij|
  def gradient_product_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, gradient: Tensor) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = (w[start:start + step] * gradient[start:start + step]).abs_() * n
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # s = first · W⊙G - second · W²⊙A; S = |s| where absolute, else s
  def taylor_sums(self: __torch__.Kernels, w: Tensor, gradient: Tensor, squares: Tensor, first: float, second: float, absolute: bool) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      block = w[start:start + step].to(torch.float32)
      s = block * gradient[start:start + step] * first
      if second != 0.:
        s = torch.addcmul(s, block * block, squares[start:start + step], value=-second)
      self.add_sums(sums, w.size(0), start, s.abs() if absolute else s)
    return sums

  # S = |W_ij| · (n_j + a · |G_ij|)
  def additive_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, gradient: Tensor, a: float) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].abs() * (gradient[start:start + step].abs() * a + n)
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # S = |W_ij| · (n_j + a · √A_ij)
  def root_additive_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, squares: Tensor, a: float) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].abs() * (torch.sqrt(squares[start:start + step]) * a + n)
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # S = |W_ij| · n_j · r_i
  def two_sided_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, r: Tensor) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].abs() * n * r[start:start + step].unsqueeze(1)
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # ---- perturbations ----------------------------------------------------------------------------------------------
  # z is a pure function of a seed and the position in the matrix. It is never held in memory as a whole.

  # Numbers [first, first + n) of the sequence of random 64-bit numbers of a seed (splitmix64, Steele et al. 2014).
  def random(self: __torch__.Kernels, seed: int, first: int, n: int) -> Tensor:
    x = torch.arange(first + 1, first + n + 1).mul_(-7046029254386353131).add_(seed)
    x = x.bitwise_xor_(x.__rshift__(30).bitwise_and_(17179869183)).mul_(-4658895280553007687)
    x = x.bitwise_xor_(x.__rshift__(27).bitwise_and_(137438953471)).mul_(-7723592293110705685)
    return x.bitwise_xor_(x.__rshift__(31).bitwise_and_(8589934591))

  # Numbers [start, start + n) of z; start is a multiple of 64. Each `bits` random bits pick a row of the table
  # [2^bits, width].
  def noise(self: __torch__.Kernels, table: Tensor, seed: int, start: int, n: int) -> Tensor:
    bits = 16 if table.size(0) == 65536 else 8
    per_number = 64 // bits * table.size(1)
    numbers = self.random(seed, start // per_number, (n + per_number - 1) // per_number)
    picks = numbers.unsqueeze(1).__rshift__(torch.arange(0, 64, bits)).bitwise_and_(table.size(0) - 1)
    return table.index_select(0, picks.reshape([-1])).reshape([-1])[:n]

  # Normal numbers [65536, 8]: 16 random bits pick a row of eight. Each column holds the midpoint quantiles of 65,536
  # equally likely parts of the normal distribution, scaled to variance 1, in its own random order.
  def normal_table(self: __torch__.Kernels) -> Tensor:
    middles = torch.arange(-65535, 65536, 2, dtype=torch.float64).div_(65536.)
    quantiles = torch.erfinv(middles)
    quantiles = quantiles.div_(quantiles.square().mean().sqrt()).to(torch.float32)
    columns = annotate(List[Tensor], [])
    for column in range(0, 8, 1):
      columns.append(quantiles.index_select(0, torch.argsort(self.random(column, 0, 65536))))
    return torch.stack(columns, 1)

  # Signs ±1 [256, 8]: row i holds the eight bits of i as signs.
  def sign_table(self: __torch__.Kernels) -> Tensor:
    bits = torch.arange(256).unsqueeze(1).__rshift__(torch.arange(8)).bitwise_and_(1)
    return bits.to(torch.float32).mul_(2.).sub_(1.)

  # The numbers of a table times epsilon, in the type of x.
  def scaled_table(self: __torch__.Kernels, table: Tensor, epsilon: float, x: Tensor) -> Tensor:
    return (table * epsilon).type_as(x)

  # target = W + εz for the elements [first, first + length) of the row-major matrices. The table is scaled by ε already.
  def move(self: __torch__.Kernels, target: Tensor, w: Tensor, scaled: Tensor, seed: int, first: int, length: int) -> Tensor:
    flat, end = w.reshape([-1]), first + length
    for start in range(first, end, 524288):
      n = min(524288, end - start)
      torch.add(flat[start:start + n], self.noise(scaled, seed, start, n), alpha=1, out=target.reshape([-1])[start:start + n])
    return target

  # Turns W + εz into W - εz for the same elements, in place, by mirroring it at W.
  def mirror(self: __torch__.Kernels, moved: Tensor, w: Tensor, first: int, length: int) -> Tensor:
    moved.reshape([-1])[first:first + length].lerp_(w.reshape([-1])[first:first + length], 2.)
    return moved

  # sum64 [rows, in] += coefficient · z, in place. sum64 holds the rows of a matrix from `first` on, a multiple of 64.
  def accumulate_noise(self: __torch__.Kernels, sum64: Tensor, table: Tensor, seed: int, coefficient: float, first: int) -> Tensor:
    flat, offset = sum64.reshape([-1]), first * sum64.size(1)
    for start in range(0, flat.size(0), 131072):
      block = flat[start:start + 131072]
      block.add_(self.noise(table, seed, offset + start, block.size(0)), alpha=coefficient)
    return sum64

  # y [.., out] += step · (x v) uᵀ, in place, for x [.., in]. factors holds u [out] and then v [in].
  def shift_along(self: __torch__.Kernels, y: Tensor, x: Tensor, factors: Tensor, step: float) -> Tensor:
    outputs = y.size(-1)
    u, v = factors[:outputs].type_as(y), factors[outputs:].type_as(y)
    along = torch.linear(x.type_as(y), v.unsqueeze(0))
    return y.addcmul_(along, u, value=step)

  # sum64 [rows, in] += Σ_t coefficient_t · u_t v_tᵀ, in place. sum64 holds the rows of a matrix [out, in] from `first`
  # on. Seed t draws u_t and then v_t.
  def accumulate_rank_one(self: __torch__.Kernels, sum64: Tensor, table: Tensor, seeds: List[int], coefficients: Tensor, first: int, outputs: int) -> Tensor:
    rows, columns = sum64.size(0), sum64.size(1)
    factors = torch.empty([len(seeds), outputs + columns], dtype=torch.float64)
    for t in range(0, len(seeds), 1):
      factors[t].copy_(self.noise(table, seeds[t], 0, outputs + columns))
    u = factors[:, first:first + rows] * coefficients.unsqueeze(1)
    return sum64.addmm_(u.t(), factors[:, outputs:])

  # ---- greedy removal of columns ----------------------------------------------------------------------------------
  # All tensors are fp64. W [out, in] and H⁻¹ [in, in] are those of the columns that are left; removed columns are zero.

  def to_double(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.empty([x.size(0), x.size(1)], dtype=torch.float64).copy_(x)

  # Replaces H by (H + damping · I)⁻¹, in place. Returns an empty tensor, with H unchanged, when H is not positive
  # semi-definite up to rounding.
  def damped_inverse(self: __torch__.Kernels, system: Tensor, damping: float) -> Tensor:
    factor = self.inverse_factor(system, damping)
    return self.square(factor) if factor.numel() > 0 else factor

  # ||W_:j||² / [H⁻¹]_jj for every column, [in]: the error that removing this column alone would cost.
  def column_costs(self: __torch__.Kernels, w: Tensor, inverse: Tensor) -> Tensor:
    squares = torch.zeros([w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      block = w[start:start + step]
      squares.add_(torch.sum(block * block, [0]))
    return squares / inverse.diagonal()

  # tr(W_U ([H⁻¹]_UU)⁻¹ W_Uᵀ): the error that removing the columns U together would cost.
  def removal_cost(self: __torch__.Kernels, w: Tensor, inverse: Tensor, removed: Tensor) -> float:
    columns = w.index_select(1, removed).t()
    lower = torch.linalg_cholesky(inverse.index_select(0, removed).index_select(1, removed))
    return float(torch.sum(columns * torch.cholesky_solve(columns, lower)))

  # Removes the columns U, in place: W -= W_U ([H⁻¹]_UU)⁻¹ [H⁻¹]_U,: and H⁻¹ -= [H⁻¹]_:,U ([H⁻¹]_UU)⁻¹ [H⁻¹]_U,:
  def remove_columns(self: __torch__.Kernels, w: Tensor, inverse: Tensor, removed: Tensor) -> Tensor:
    rows = inverse.index_select(0, removed)
    solved = torch.cholesky_solve(rows, torch.linalg_cholesky(rows.index_select(1, removed)))
    w.addmm_(w.index_select(1, removed), solved, alpha=-1)
    inverse.addmm_(rows.t(), solved, alpha=-1)
    w.index_fill_(1, removed, 0.)
    inverse.index_fill_(0, removed, 0.)
    return inverse.index_fill_(1, removed, 0.)
