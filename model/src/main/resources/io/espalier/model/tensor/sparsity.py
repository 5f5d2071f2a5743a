# The arithmetic of removing single weights: more methods of the class in kernels.py.
#
# A mask is bool [out, in], true where a weight is kept. Scores S are compared within groups of consecutive scores. In
# each group the `removed` lowest are removed; of equal scores the earlier is removed first. S is fp64 unless it is |W|
# alone.

  # ---- groups -----------------------------------------------------------------------------------------------------

  # True for the `removed` lowest of each row of s [groups, n].
  def lowest(self: __torch__.Kernels, s: Tensor, removed: int) -> Tensor:
    if removed == 0:
      return torch.zeros([s.size(0), s.size(1)], dtype=torch.bool)
    threshold, place = torch.kthvalue(s, removed, 1, True)
    below = s < threshold
    ties = s == threshold
    spare = torch.sum(below, [1], True).neg().add(removed)
    return below.logical_or_(ties.logical_and(torch.cumsum(ties, 1, dtype=torch.int32) <= spare))

  # The mask of scores s [rows, n], where n is a multiple of group.
  def kept_of_groups(self: __torch__.Kernels, s: Tensor, group: int, removed: int) -> Tensor:
    return self.lowest(s.reshape([-1, group]), removed).logical_not_().reshape([s.size(0), s.size(1)])

  # S = |W_ij| · f_j with f fp64 [in], groups along the rows of W.
  def kept_in_rows(self: __torch__.Kernels, w: Tensor, f: Tensor, group: int, removed: int) -> Tensor:
    kept = torch.empty([w.size(0), w.size(1)], dtype=torch.bool)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      kept[start:start + step] = self.kept_of_groups(w[start:start + step].abs() * f, group, removed)
    return kept

  # S = |W_ij| · f_i with f fp64 [out], groups along the columns of W.
  def kept_in_columns(self: __torch__.Kernels, w: Tensor, f: Tensor, group: int, removed: int) -> Tensor:
    return self.kept_in_rows(w.t(), f, group, removed).t().contiguous()

  # S = |W_ij| · (n_j + a · √A_ij) with n fp64 [in], groups along the rows of W.
  def kept_by_gradient(self: __torch__.Kernels, w: Tensor, n: Tensor, squares: Tensor, a: float, group: int, removed: int) -> Tensor:
    kept = torch.empty([w.size(0), w.size(1)], dtype=torch.bool)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].abs() * (torch.sqrt(self.to_double(squares[start:start + step])) * a + n)
      kept[start:start + step] = self.kept_of_groups(s, group, removed)
    return kept

  # ---- a whole matrix as one group --------------------------------------------------------------------------------

  # The bits of |w| as integers, which have the same order as the numbers.
  def magnitude_bits(self: __torch__.Kernels, w: Tensor) -> Tensor:
    return torch.empty([0], dtype=torch.int32).set_(w).__and__(2147483647)

  # The bits of the k-th smallest |W|. A binary search over the bits finds it, so that W is neither copied nor sorted.
  def kth_magnitude_bits(self: __torch__.Kernels, w: Tensor, k: int) -> int:
    low = 0
    high = 2139095040
    step = self.block_rows(w)
    for halving in range(0, 31, 1):
      middle = (low + high) // 2
      count = 0
      for start in range(0, w.size(0), step):
        count = count + int(torch.sum(self.magnitude_bits(w[start:start + step]) <= middle))
      if count >= k:
        high = middle
      else:
        low = middle + 1
      if low >= high:
        break
    return high

  # S = |W_ij|, compared over all of W; `removed` > 0.
  def kept_of_matrix(self: __torch__.Kernels, w: Tensor, removed: int) -> Tensor:
    threshold = self.kth_magnitude_bits(w, removed)
    kept = torch.empty([w.size(0), w.size(1)], dtype=torch.bool)
    step = self.block_rows(w)
    spare = removed
    for start in range(0, w.size(0), step):
      spare = spare - int(torch.sum(self.magnitude_bits(w[start:start + step]) < threshold))
    for start in range(0, w.size(0), step):
      bits = self.magnitude_bits(w[start:start + step])
      ties = (bits == threshold).reshape([-1])
      gone = ties.logical_and(torch.cumsum(ties, 0) <= spare).reshape([bits.size(0), bits.size(1)])
      spare = spare - int(torch.sum(gone))
      kept[start:start + step] = gone.logical_or_(bits < threshold).logical_not_()
    return kept

  # ---- masks as bits ----------------------------------------------------------------------------------------------

  # The value of each bit of a byte, most significant first: uint8 [8].
  def bit_values(self: __torch__.Kernels) -> Tensor:
    return torch.tensor([128, 64, 32, 16, 8, 4, 2, 1], dtype=torch.uint8)

  # The mask as bits, uint8 [ceil(out · in / 8)], row-major, with the last byte padded with zeros.
  def pack_mask(self: __torch__.Kernels, kept: Tensor) -> Tensor:
    flat = kept.reshape([-1])
    packed = torch.empty([(flat.numel() + 7) // 8], dtype=torch.uint8)
    values = self.bit_values()
    step = 16384
    for start in range(0, packed.numel(), step):
      bits = flat[start * 8:(start + step) * 8]
      padded = torch.zeros([(bits.numel() + 7) // 8 * 8], dtype=torch.uint8)
      padded[:bits.numel()] = bits
      packed[start:start + step] = torch.sum(padded.reshape([-1, 8]) * values, [1], dtype=torch.uint8)
    return packed

  def keep_all(self: __torch__.Kernels, rows: int, columns: int) -> Tensor:
    return torch.ones([rows, columns], dtype=torch.bool)

  # The first `elements` bits as bool [elements].
  def unpack_mask(self: __torch__.Kernels, packed: Tensor, elements: int) -> Tensor:
    bits = torch.ne(packed.unsqueeze(1).__and__(self.bit_values()), 0)
    return bits.reshape([-1])[:elements]

  # Sets W [out, in] to zero where its mask is false, in place. It works in blocks, because a mask of bools is eight
  # times as large as its bits.
  def clear_removed(self: __torch__.Kernels, w: Tensor, packed: Tensor) -> Tensor:
    flat = torch.view(w, [-1])
    step = 16384
    for start in range(0, packed.numel(), step):
      block = flat[start * 8:(start + step) * 8]
      block.masked_fill_(self.unpack_mask(packed[start:start + step], block.numel()).logical_not_(), 0.)
    return w

  # ---- optimal brain surgeon on single weights --------------------------------------------------------------------

  # Replaces H [in, in] by the upper triangular U with (H + damping · I)⁻¹ = UᵀU, in place. Returns an empty tensor,
  # with H unchanged, when H is not positive semi-definite up to rounding. Since H + damping · I = A Aᵀ, U is A⁻¹, and
  # the inverse of H is never computed.
  def inverse_factor(self: __torch__.Kernels, system: Tensor, damping: float) -> Tensor:
    return self.invert(system) if self.factorize(system, damping) else torch.empty([0], dtype=torch.float64)

  # Removes weights from the columns [first, last) of W, fp64 [out, in], and updates the columns to the right so that
  # the output error is smallest, in place (SparseGPT, algorithm 1). Writes these columns of the mask `kept`. Weights
  # are chosen for `columns` columns at a time by S = W_ij² / U_jj²: the `removed` lowest of each row or, if `whole`, of
  # all rows together.
  def remove_weights(self: __torch__.Kernels, w: Tensor, kept: Tensor, factor: Tensor, first: int, last: int, columns: int, removed: int, whole: bool) -> Tensor:
    # The block is transposed, so that a column is contiguous.
    block = w[:, first:last].t().contiguous()
    errors = torch.empty([block.size(0), block.size(1)], dtype=torch.float64)
    scale = factor.diagonal()[first:last]
    for i in range(0, last - first, 1):
      if i % columns == 0:
        s = (block[i:i + columns] / scale[i:i + columns].unsqueeze(1)).square_().t().contiguous()
        group = s.numel() if whole else columns
        kept[:, first + i:first + i + columns] = self.kept_of_groups(s.reshape([-1, group]), group, removed).reshape([s.size(0), columns])
      gone = kept[:, first + i].logical_not()
      torch.mul(block[i], gone, out=errors[i]).div_(scale[i])
      block[i:].addr_(factor[first + i, first + i:last], errors[i], alpha=-1)
      block[i].masked_fill_(gone, 0.)
    w[:, first:last] = block.t()
    w[:, last:].addmm_(errors.t(), factor[first:last, last:], alpha=-1)
    return w
